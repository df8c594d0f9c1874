import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { dump } from '../../src/providers/dump.ts';
import { databaseOf } from '../../src/providers/postgres/address.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { asOther, closedFolder } from './fixtures/closed-folder.ts';
import { add, bodies, connect, makeMain, residue, run, targetOf } from './fixtures/postgres-world.ts';

describe('dump', { timeout: 60_000 }, () => {
  let server: PostgresServer;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'forerun-test-dump-'));
    server = await startPostgres({
      hba: ['host all careful 127.0.0.1/32 scram-sha-256'],
      settings: { max_prepared_transactions: '2', wal_level: 'logical' },
    });
  });
  afterAll(async () => {
    await server.stop();
    expect(await readdir(folder)).toEqual([]);
    await rm(folder, { recursive: true });
  });

  it('copies a live database while others read and write it, and branches from the copy', async () => {
    const provider = dump({ folder });
    const main = await makeMain(server);
    const writer = await connect(main);
    onTestFinished(() => writer.end());
    await writer.query("BEGIN; INSERT INTO notes (body) VALUES ('not committed')");
    await using checkpoint = await provider.checkpoint(main, { label: 'before' });
    await writer.query('COMMIT');
    expect(checkpoint.way).toBe('dump');
    const branch = await provider.branch(checkpoint, { label: 'b' });
    await add(branch.target, 'branch');
    const snapshot = await provider.snapshot(branch, { label: 's' });
    expect(await bodies(checkpoint.target)).toEqual(['first']);
    expect(await bodies(branch.target)).toEqual(['first', 'branch']);
    expect(await bodies(snapshot.target)).toEqual(['first', 'branch']);
    expect(await bodies(main)).toEqual(['first', 'not committed']);
    expect(await provider.moved(checkpoint)).toBe(true);
    expect((await provider.list(main)).map(({ id }) => id)).toEqual([checkpoint.id, branch.id, snapshot.id]);

    await provider.restore?.(branch, main);
    await provider.restore?.(branch, main);
    expect(await bodies(main)).toEqual(['first', 'branch']);
    for (const copy of await provider.list(main)) await provider.discard(copy);
    expect(await residue(server, main)).toEqual([]);
  });

  it('carries owners, rights, settings, collation, large objects and statistics over', async () => {
    const provider = dump({ folder });
    const name = 'Büro "1" 100%';
    await server.query('CREATE ROLE clerk; CREATE ROLE visitor');
    await server.query(`CREATE DATABASE "Büro ""1"" 100%" OWNER clerk TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'`);
    await server.query(`ALTER DATABASE "Büro ""1"" 100%" SET search_path TO app, public`);
    await server.query(`REVOKE CONNECT ON DATABASE "Büro ""1"" 100%" FROM PUBLIC`);
    await server.query(
      `CREATE SCHEMA app; CREATE TABLE app.files AS SELECT n, lo_from_bytea(0, 'hello') AS file FROM generate_series(1, 50) n;
      ALTER TABLE app.files OWNER TO clerk; GRANT SELECT (n) ON app.files TO visitor`,
      name,
    );
    const main = targetOf(server.url(name));
    await using checkpoint = await provider.checkpoint(main, { label: 'before' });
    const branch = await provider.branch(checkpoint, { label: 'b' });
    const [row] = await run(
      branch.target,
      `SELECT current_schema() AS schema, tableowner, convert_from(lo_get(file), 'UTF8') AS file,
        has_column_privilege('visitor', 'files', 'n', 'SELECT') AS may, reltuples,
        has_database_privilege('visitor', current_database(), 'CONNECT') AS enter, datcollate
      FROM files, pg_tables t, pg_class c, pg_database d
      WHERE tablename = 'files' AND relname = 'files' AND datname = current_database() LIMIT 1`,
    );
    expect(row).toEqual({
      schema: 'app',
      tableowner: 'clerk',
      file: 'hello',
      may: true,
      reltuples: 50,
      enter: false,
      datcollate: 'C',
    });
    for (const copy of await provider.list(main)) await provider.discard(copy);
    expect(await residue(server, main)).toEqual([]);
  });

  it('gives passwords to programs by their environment, and needs the right to make databases', async () => {
    await server.query("CREATE ROLE careful LOGIN PASSWORD 'sec:ret@/%'");
    const plain = await makeMain(server);
    const name = databaseOf(plain);
    await server.query(`ALTER DATABASE ${name} OWNER TO careful`);
    await run(plain, 'ALTER TABLE notes OWNER TO careful');
    const password = encodeURIComponent('sec:ret@/%');
    const main = {
      url: plain.url,
      variable: `postgresql://careful:${password}@127.0.0.1:${server.port}/${name}?schema=public&sslmode=disable`,
    };
    const provider = dump({ folder });
    const refused = await provider.checkpoint(main, { label: 'no' }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'PROVIDER_FAILED', next: expect.stringContaining('CREATEDB') });
    await server.query('ALTER ROLE careful CREATEDB');
    await using checkpoint = await provider.checkpoint(main, { label: 'yes' });
    expect(await bodies(checkpoint.target)).toEqual(['first']);
    expect(checkpoint.target.url).not.toContain('ret');
    await provider.restore?.(checkpoint, main);
    expect(await bodies(main)).toEqual(['first']);
    await provider.discard(checkpoint);
    const wrong = { ...main, variable: main.variable.replace(password, 'wrong') };
    const error = await provider.checkpoint(wrong, { label: 'no' }).catch((e: unknown) => e as Error);
    expect((error as Error).message).toMatch(/password authentication failed/);
    expect(await residue(server, main)).toEqual([]);
  });

  it('keeps copies on another server, and restores from there', async () => {
    const other = await startPostgres();
    onTestFinished(() => other.stop());
    const provider = dump({ folder, branchServer: other.url() });
    const main = await makeMain(server);
    await run(main, 'CREATE ROLE stranger; ALTER TABLE notes OWNER TO stranger');
    await expect(provider.checkpoint(main, { label: 'no' })).rejects.toMatchObject({
      message: expect.stringContaining('stranger'),
    });
    await other.query('CREATE ROLE stranger');
    await using checkpoint = await provider.checkpoint(main, { label: 'yes' });
    const branch = await provider.branch(checkpoint, { label: 'b' });
    await add(branch.target, 'elsewhere');
    expect(branch.target.url).toContain(String(other.port));
    expect(await residue(server, main)).toEqual([]);
    expect((await provider.list(main)).map(({ id }) => id)).toEqual([checkpoint.id, branch.id]);
    expect(await provider.list(branch.target)).toEqual([]);
    await provider.restore?.(branch, main);
    expect(await bodies(main)).toEqual(['first', 'elsewhere']);
    for (const copy of await provider.list(main)) await provider.discard(copy);
    expect(await provider.list(main)).toEqual([]);
    expect(await residue(server, main)).toEqual([]);
  });

  it('is refused a restore while a slot, a subscription or a prepared transaction belongs to main', async () => {
    const provider = dump({ folder });
    const main = await makeMain(server);
    await using checkpoint = await provider.checkpoint(main, { label: 'good' });
    await run(main, "SELECT pg_create_logical_replication_slot('reader', 'pgoutput')");
    await run(main, "BEGIN; INSERT INTO notes (body) VALUES ('x'); PREPARE TRANSACTION 'open'");
    await expect(provider.restore?.(checkpoint, main)).rejects.toMatchObject({
      message: expect.stringMatching(/logical replication slot reader, a prepared transaction/),
    });
    await run(main, "ROLLBACK PREPARED 'open'");
    await run(main, "SELECT pg_drop_replication_slot('reader')");
    await provider.restore?.(checkpoint, main);
    await provider.discard(checkpoint);
    expect(await residue(server, main)).toEqual([]);
  });

  it('says what to install where the programs are missing or too old, and makes nothing', async () => {
    const newer = await startPostgres({ version: 18 });
    onTestFinished(() => newer.stop());
    const main = await makeMain(newer);
    const provider = dump({ folder });
    const wanted = {
      code: 'PROVIDER_FAILED',
      message: expect.stringMatching(/PostgreSQL 18, which needs its pg_dump, and .*version 15/),
      next: expect.stringContaining('postgresql-client-18'),
    };
    await expect(provider.checkpoint(main, { label: 'no' })).rejects.toMatchObject(wanted);
    await expect(provider.estimate(main)).rejects.toMatchObject(wanted);
    await expect(dump({ folder, bin: folder }).estimate(main)).rejects.toMatchObject({
      message: expect.stringContaining('there is none'),
    });
    expect(await residue(newer, main)).toEqual([]);
    const elsewhere = dump({ folder, branchServer: newer.url() });
    const here = await makeMain(server);
    await expect(elsewhere.checkpoint(here, { label: 'no' })).rejects.toMatchObject({
      message: expect.stringMatching(/PostgreSQL 15 .*PostgreSQL 18/),
    });
  });

  it('makes the folder for dumps where it is missing', async () => {
    const provider = dump({ folder: join(folder, 'not', 'there') });
    const main = await makeMain(server);
    await provider.estimate(main);
    expect(await readdir(folder)).toEqual([]);
    await using checkpoint = await provider.checkpoint(main, { label: 'x' });
    expect(await bodies(checkpoint.target)).toEqual(['first']);
    await provider.discard(checkpoint);
    expect(await residue(server, main)).toEqual([]);
    await rm(join(folder, 'not'), { recursive: true });
  });

  it('says which folder it cannot write, and what to do, and makes nothing', async () => {
    const main = await makeMain(server);
    const file = join(folder, 'file');
    await writeFile(file, '');
    onTestFinished(() => rm(file));
    const closed = await closedFolder();
    const checkpoint = (bad: string) => dump({ folder: bad }).checkpoint(main, { label: 'no' });
    const estimate = (bad: string) => dump({ folder: bad }).estimate(main);
    for (const [bad, doing, why] of [
      [join(file, 'dumps'), estimate, /file is a file/],
      [join(file, 'dumps'), checkpoint, /ENOTDIR/],
      [file, estimate, /file is a file/],
      [file, checkpoint, /EEXIST/],
      [closed, (folder: string) => asOther(() => checkpoint(folder)), /EACCES/],
      [join(closed, 'dumps'), (folder: string) => asOther(() => checkpoint(folder)), /EACCES/],
    ] as const) {
      const error = await doing(bad).catch((thrown: unknown) => thrown);
      expect(error, bad).toMatchObject({
        code: 'PROVIDER_FAILED',
        message: expect.stringMatching(why),
        next: expect.stringContaining('option folder'),
      });
      expect((error as Error).message).toContain(`The folder for dumps, ${bad}, cannot be used`);
    }
    expect(await residue(server, main)).toEqual([]);
  });

  it('leaves nothing behind where it is aborted in the middle', async () => {
    const provider = dump({ folder });
    const main = await makeMain(server);
    const locker = await connect(main);
    await locker.query('BEGIN; LOCK TABLE notes');
    const reason = new Error('enough');
    const controller = new AbortController();
    const making = provider.checkpoint(main, { label: 'x', signal: controller.signal });
    setTimeout(() => controller.abort(reason), 700);
    await expect(making).rejects.toBe(reason);
    await locker.end();
    expect(await residue(server, main)).toEqual([]);
  });
});
