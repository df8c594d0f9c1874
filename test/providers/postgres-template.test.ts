import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { template } from '../../src/providers/template.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { describeWithMounts, mountXfs } from './fixtures/mounts.ts';
import { add, bodies, connect, makeMain, residue, run, targetOf } from './fixtures/postgres-world.ts';

describe.each([15, 18] as const)('template on PostgreSQL %i', { timeout: 60_000 }, (version) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ version });
  });
  afterAll(() => server.stop());

  it('lets a checkpoint be read by its owner, and by nobody be written', async () => {
    const provider = template();
    const main = await makeMain(server);
    await using checkpoint = await provider.checkpoint(main, { label: 'before' });
    expect(checkpoint.way).toBe('wal_log');
    expect(checkpoint.bytes).toBeGreaterThan(1_000_000);
    await expect(add(checkpoint.target, 'no')).rejects.toMatchObject({ code: '25006' });
    const [row] = await server.query(
      `SELECT has_database_privilege('pg_monitor', '${checkpoint.target.url.split('/').at(-1) ?? ''}', 'CONNECT') AS may`,
    );
    expect(row).toEqual({ may: false });
    await provider.discard(checkpoint);
  });

  it('carries owner, rights, settings, connection limit and collation over to branches and through a restore', async () => {
    const provider = template();
    const name = `Odd "name" of ${version}% ü`;
    const app = `app "${version}"`;
    await server.query(`CREATE ROLE "${app.replaceAll('"', '""')}" LOGIN; CREATE ROLE reader_${version}`);
    await server.query(
      `CREATE DATABASE "${name.replaceAll('"', '""')}" OWNER "${app.replaceAll('"', '""')}" TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C' CONNECTION LIMIT 7`,
    );
    const q = `"${name.replaceAll('"', '""')}"`;
    await server.query(`
      ALTER DATABASE ${q} SET search_path TO 'app', '$user', 'Strange, one';
      ALTER DATABASE ${q} SET default_transaction_read_only TO off;
      ALTER DATABASE ${q} SET "my.own_setting" TO 'it''s, "this"';
      ALTER ROLE reader_${version} IN DATABASE ${q} SET work_mem TO '5MB';
      REVOKE CONNECT, TEMPORARY ON DATABASE ${q} FROM PUBLIC;
      GRANT CONNECT ON DATABASE ${q} TO reader_${version} WITH GRANT OPTION;
      COMMENT ON DATABASE ${q} IS 'main''s own words'`);
    // The client library does not decode all of a name in an address, and a port is enough to reach it.
    const about = async (database: string): Promise<unknown> =>
      (
        await server.query(`
          SELECT pg_get_userbyid(datdba) AS owner, datconnlimit, datcollate, datcollate, datallowconn,
            (SELECT array_agg(x::text ORDER BY x::text) FROM unnest(datacl) x) AS acl,
            (SELECT array_agg(setrole::text || setconfig::text ORDER BY setrole)
              FROM pg_db_role_setting WHERE setdatabase = d.oid) AS settings
          FROM pg_database d WHERE datname = '${database}'`)
      )[0];
    const main = targetOf(server.url(name));
    const before = await about(name);
    await using checkpoint = await provider.checkpoint(main, { label: 'before' });
    const branch = await provider.branch(checkpoint, { label: 'b' });
    const child = await provider.branch(branch, { label: 'c' });
    expect(await about(branch.target.url.split('/').at(-1) ?? '')).toEqual(before);
    expect(await about(child.target.url.split('/').at(-1) ?? '')).toEqual(before);
    await server.query(`ALTER DATABASE ${q} RESET ALL; COMMENT ON DATABASE ${q} IS 'changed'`);
    await provider.restore?.(child, main);
    expect(await about(name)).toEqual(before);
    const comment = `SELECT shobj_description(oid, 'pg_database') AS c FROM pg_database WHERE datname = '${name}'`;
    expect(await server.query(comment)).toEqual([{ c: "main's own words" }]);
    for (const copy of await provider.list(main)) await provider.discard(copy);
    expect(await residue(server, main)).toEqual([]);
  });

  it('refuses to copy while others are connected, and says who, but not what they do', async () => {
    const provider = template({ aloneWaitMs: 100 });
    const main = await makeMain(server);
    const other = await connect(main, 'an accounting job');
    onTestFinished(() => other.end());
    await other.query("SELECT 'a secret value'");
    const error = await provider.checkpoint(main, { label: 'before' }).catch((e: unknown) => e as Error);
    expect(error).toMatchObject({ code: 'PROVIDER_FAILED' });
    expect((error as Error).message).toMatch(
      /One session is connected .*pid \d+ "an accounting job" \(user postgres, from 127/,
    );
    expect((error as Error).message).not.toContain('secret');
    expect(await residue(server, main)).toEqual([]);
  });

  it('restores while an application is connected and keeps coming back, as often as it is asked', async () => {
    const provider = template();
    const main = await makeMain(server);
    await using checkpoint = await provider.checkpoint(main, { label: 'good' });
    const end = new AbortController();
    const failures = new Set<string>();
    const application = (async () => {
      while (!end.signal.aborted)
        await run(main, 'SELECT pg_sleep(0.02) FROM notes').catch((e: { code: string }) => failures.add(e.code));
    })();
    for (let time = 0; time < 2; time++) {
      await add(main, 'bad').catch(() => {});
      await provider.restore?.(checkpoint, main);
      expect(await bodies(main)).toEqual(['first']);
    }
    end.abort();
    await application;
    await add(main, 'goes on');
    expect(await bodies(checkpoint.target)).toEqual(['first']);
    await provider.discard(checkpoint);
    expect(await residue(server, main)).toEqual([]);
    // Ended by an administrator's command, or told that the database went away under its name.
    for (const code of failures) expect(['57P01', '3D000', '55000', 'ECONNRESET']).toContain(code);
  });

  it('throws the reason and leaves nothing behind where the signal is aborted, also in the middle', async () => {
    const provider = template();
    const main = await makeMain(server);
    const reason = new Error('enough');
    await expect(provider.checkpoint(main, { label: 'x', signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const making = provider.checkpoint(main, { label: 'x', signal: controller.signal });
    setTimeout(() => controller.abort(reason), 15);
    await expect(making).rejects.toBe(reason);
    expect(await residue(server, main)).toEqual([]);
  });

  it('tells whether main was written, and takes it for written where that is not sure', async () => {
    const provider = template();
    const main = await makeMain(server);
    await using checkpoint = await provider.checkpoint(main, { label: 'base' });
    const branch = await provider.branch(checkpoint, { label: 'b' });
    await add(branch.target, 'elsewhere');
    await bodies(main);
    expect(await provider.moved(checkpoint)).toBe(false);
    const reader = await connect(main);
    expect(await provider.moved(checkpoint)).toBe(true);
    await reader.end();
    for (const sql of ["INSERT INTO notes (body) VALUES ('x')", 'TRUNCATE notes', 'CREATE TABLE t (a int)']) {
      await using before = await provider.checkpoint(main, { label: sql });
      expect(await provider.moved(before)).toBe(false);
      await run(main, sql);
      expect(await provider.moved(before)).toBe(true);
    }
    expect(await provider.moved(checkpoint)).toBe(true);
    await checkpoint[Symbol.asyncDispose]();
    await expect(provider.moved(checkpoint)).rejects.toMatchObject({ code: 'PROVIDER_FAILED' });
    for (const copy of await provider.list(main)) await provider.discard(copy);
  });

  it('lists while others make copies and throw them away', async () => {
    const main = await makeMain(server);
    const provider = template();
    const ended = new AbortController();
    const others = (async () => {
      for (let round = 0; round < 15; round += 1) {
        await server.query(`CREATE DATABASE forerun_br_other_${round}_0a1b2c3d`);
        await server.query(`DROP DATABASE forerun_br_other_${round}_0a1b2c3d`);
      }
    })().finally(() => ended.abort());
    let lists = 0;
    while (!ended.signal.aborted) {
      expect(await provider.list(main)).toEqual([]);
      lists += 1;
    }
    await others;
    expect(lists).toBeGreaterThan(15);
  });

  it('estimates without making anything', async () => {
    const provider = template();
    const main = await makeMain(server);
    expect(await provider.estimate(main)).toMatchObject({ way: 'wal_log', bytes: expect.any(Number) });
    expect(await provider.list(main)).toEqual([]);
  });

  it('copies files where the database is large', async () => {
    const provider = template();
    const main = await makeMain(server);
    await run(main, "CREATE TABLE filler AS SELECT repeat('filler ', 100) AS body FROM generate_series(1, 110000)");
    await using checkpoint = await provider.checkpoint(main, { label: 'base' });
    expect(checkpoint.way).toMatch(/^file_(copy|clone)$/);
    expect(await run(checkpoint.target, 'SELECT count(*)::int AS n FROM filler')).toEqual([{ n: 110_000 }]);
    await provider.discard(checkpoint);
  });
});

describeWithMounts('template on PostgreSQL 18, on a file system with reflinks', ['mkfs.xfs'], () => {
  it('shares the blocks of files, and says so', async () => {
    const mount = mountXfs();
    onTestFinished(() => mount.unmount());
    await chmod(join(mount.folder, '..'), 0o711);
    await using server = await startPostgres({ version: 18, parent: mount.folder });
    const provider = template();
    const main = await makeMain(server);
    await run(main, "CREATE TABLE filler AS SELECT repeat('filler ', 100) AS body FROM generate_series(1, 110000)");
    await using checkpoint = await provider.checkpoint(main, { label: 'base' });
    expect(checkpoint.way).toBe('file_clone');
    expect(await run(checkpoint.target, 'SELECT count(*)::int AS n FROM filler')).toEqual([{ n: 110_000 }]);
  });
});
