import { chmod, chown, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { clone } from '../../src/providers/clone.ts';
import { unmount, wayIn } from '../../src/providers/clone/layers.ts';
import { stopServer } from '../../src/providers/clone/server.ts';
import { serverUser } from '../../src/providers/clone/user.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { describeWithMounts, mountXfs, type Mount } from './fixtures/mounts.ts';
import { add, bodies, makeMain, residue, run } from './fixtures/postgres-world.ts';

describe('clone', { timeout: 60_000 }, () => {
  let server: PostgresServer;
  let folder: string;
  beforeAll(async () => {
    server = await startPostgres({
      settings: {
        archive_mode: 'on',
        archive_command: 'touch "%p.production"',
        shared_preload_libraries: 'pg_stat_statements',
        synchronous_standby_names: '',
        work_mem: '7MB',
        log_min_duration_statement: '0',
      },
      hba: ['host all,replication limited 127.0.0.1/32 trust'],
    });
  });
  afterAll(() => server.stop());

  const inFolder = (of: () => string): void => {
    beforeAll(() => {
      folder = of();
    });

    it('has the server of a branch again after the machine was started anew', async () => {
      const provider = clone({ folder });
      const main = await makeMain(server);
      await using checkpoint = await provider.checkpoint(main, { label: 'base' });
      const branch = await provider.branch(checkpoint, { label: 'b' });
      await add(branch.target, 'kept');
      const data = join(folder, branch.id, 'data');
      await stopServer(data, 'fast');
      await unmount(data);
      await expect(bodies(branch.target)).rejects.toThrow();
      expect(await provider.list(main)).toHaveLength(2);
      expect(await bodies(branch.target)).toEqual(['first', 'kept']);
      for (const copy of await provider.list(main)) await provider.discard(copy);
    });
  };

  describe('in the system’s temporary folder', () => {
    let temporary: string;
    beforeAll(async () => {
      temporary = await mkdtemp(join(tmpdir(), 'forerun-test-clone-'));
      await chmod(temporary, 0o711);
    });
    afterAll(() => rm(temporary, { recursive: true }));
    inFolder(() => temporary);

    it('says which folder it cannot write, and what to do', async () => {
      const main = await makeMain(server);
      const file = join(folder, 'file');
      await writeFile(file, '');
      onTestFinished(() => rm(file));
      const bad = join(file, 'clones');
      const provider = clone({ folder: bad });
      for (const doing of [() => provider.estimate(main), () => provider.checkpoint(main, { label: 'no' })])
        await expect(doing()).rejects.toMatchObject({
          code: 'PROVIDER_FAILED',
          message: expect.stringContaining(`The folder for clones, ${bad}, cannot be used: `),
          next: expect.stringContaining('option folder'),
        });
    });

    it('keeps private servers from doing anything in the name of production', async () => {
      const provider = clone({ folder });
      const main = await makeMain(server);
      await server.query("ALTER SYSTEM SET primary_conninfo TO 'host=production'");
      await server.query('ALTER SYSTEM SET random_page_cost TO 1.5');
      await server.query('SELECT pg_reload_conf()');
      await using checkpoint = await provider.checkpoint(main, { label: 'before' });
      const branch = await provider.branch(checkpoint, { label: 'b' });
      const rows = await run(
        branch.target,
        `SELECT name, setting FROM pg_settings WHERE name IN ('archive_mode', 'listen_addresses', 'primary_conninfo',
          'max_logical_replication_workers', 'shared_preload_libraries', 'work_mem', 'random_page_cost', 'fsync',
          'log_min_duration_statement')`,
      );
      expect(Object.fromEntries(rows.map((row) => [row['name'], row['setting']]))).toEqual({
        archive_mode: 'off',
        listen_addresses: '',
        primary_conninfo: '',
        max_logical_replication_workers: '0',
        shared_preload_libraries: 'pg_stat_statements',
        work_mem: String(7 * 1024),
        random_page_cost: '1.5',
        fsync: 'off',
        log_min_duration_statement: '-1',
      });
      for (const copy of await provider.list(main)) await provider.discard(copy);
    });

    it('restores main from a checkpoint, and from a branch', async () => {
      const provider = clone({ folder });
      const main = await makeMain(server);
      await run(main, `ALTER DATABASE ${main.url.split('/').at(-1) ?? ''} SET work_mem TO '9MB'`);
      await using checkpoint = await provider.checkpoint(main, { label: 'good' });
      await add(main, 'bad');
      await provider.restore?.(checkpoint, main);
      expect(await bodies(main)).toEqual(['first']);
      expect(await run(main, 'SHOW work_mem')).toEqual([{ work_mem: '9MB' }]);
      const branch = await provider.branch(checkpoint, { label: 'b' });
      await add(branch.target, 'branch');
      await provider.restore?.(branch, main);
      expect(await bodies(main)).toEqual(['first', 'branch']);
      expect(await residue(server, main)).toEqual([]);
      for (const copy of await provider.list(main)) await provider.discard(copy);
      expect(await readdir(folder)).toEqual([]);
    });

    it('branches by a layer or, where it may not mount one, by copying, and says so', async () => {
      const provider = clone({ folder });
      const main = await makeMain(server);
      expect(await provider.estimate(main)).toMatchObject({ way: 'basebackup', freeBytes: expect.any(Number) });
      await using checkpoint = await provider.checkpoint(main, { label: 'base' });
      expect(checkpoint.way).toBe('basebackup');
      expect(checkpoint.bytes).toBeGreaterThan(10_000_000);
      const branch = await provider.branch(checkpoint, { label: 'b' });
      expect(['overlay', 'copy', 'reflink']).toContain(branch.way);
      if (branch.way === 'overlay') expect(branch.bytes).toBeLessThan(checkpoint.bytes);
      for (const copy of await provider.list(main)) await provider.discard(copy);
    });

    it('copies byte by byte for a user who may mount nothing, and says so', async () => {
      const main = await makeMain(server);
      const own = join(folder, 'of-a-user');
      await mkdir(own);
      const user = await serverUser();
      if (user.uid !== undefined) await chown(own, user.uid, user.gid ?? user.uid);
      const victim = join(import.meta.dirname, 'fixtures', 'postgres-victim.mjs');
      const order = { provider: 'clone', options: { folder: own }, target: main, label: 'b' };
      const provider = clone({ folder: own });
      for (const kind of ['checkpoint', 'branch']) {
        const [of] = await provider.list(main);
        await execa(process.execPath, [victim, JSON.stringify({ ...order, kind, of })], { ...user, cwd: '/' });
      }
      const copies = await provider.list(main);
      expect(copies.map(({ way }) => way)).toEqual([
        'basebackup',
        (await wayIn(own)) === 'reflink' ? 'reflink' : 'copy',
      ]);
      for (const copy of copies) {
        if (copy.kind === 'branch') expect(await bodies(copy.target)).toEqual(['first']);
        await provider.discard(copy);
      }
      await rm(own, { recursive: true });
    });

    it('says what is missing: rights, programs, a folder that can be reached', async () => {
      const provider = clone({ folder });
      const main = await makeMain(server);
      await server.query('CREATE ROLE limited LOGIN');
      const limited = { url: main.url, variable: main.variable.replace('postgres@', 'limited@') };
      const refusal = { code: 'PROVIDER_FAILED', next: expect.stringContaining('REPLICATION') };
      await expect(provider.checkpoint(limited, { label: 'no' })).rejects.toMatchObject(refusal);
      await expect(provider.estimate(limited)).rejects.toMatchObject(refusal);
      const newer = await startPostgres({ version: 18 });
      onTestFinished(() => newer.stop());
      await expect(provider.checkpoint(await makeMain(newer), { label: 'no' })).rejects.toMatchObject({
        message: expect.stringMatching(/PostgreSQL 18, which needs its pg_basebackup, and .*version 15/),
        next: expect.stringContaining('postgresql-client-18'),
      });
      expect(await readdir(folder)).toEqual([]);
    });

    it('leaves nothing behind where it is aborted in the middle', async () => {
      const provider = clone({ folder });
      const main = await makeMain(server);
      const reason = new Error('enough');
      const controller = new AbortController();
      const making = provider.checkpoint(main, { label: 'x', signal: controller.signal });
      setTimeout(() => controller.abort(reason), 150);
      await expect(making).rejects.toBe(reason);
      expect(await readdir(folder)).toEqual([]);
    });
  });

  describeWithMounts('a file system with reflinks', ['mkfs.xfs'], () => {
    let mount: Mount;
    beforeAll(async () => {
      mount = mountXfs();
      await chmod(join(mount.folder, '..'), 0o711);
    });
    afterAll(() => mount.unmount());
    inFolder(() => mount.folder);

    it('branches by sharing blocks', async () => {
      const provider = clone({ folder });
      const main = await makeMain(server);
      await using checkpoint = await provider.checkpoint(main, { label: 'base' });
      const branch = await provider.branch(checkpoint, { label: 'b' });
      const snapshot = await provider.snapshot(branch, { label: 's' });
      expect([branch.way, snapshot.way]).toEqual(['reflink', 'reflink']);
      for (const copy of await provider.list(main)) await provider.discard(copy);
    });
  });
});
