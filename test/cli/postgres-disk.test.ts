import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { expect, it, onTestFinished } from 'vitest';
import { describeWithMounts, mountTmpfs, type Mount } from '../providers/fixtures/mounts.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { memory } from '../support/postgres/initialised.ts';
import { leftBehind } from '../support/postgres/project.ts';
import { programs } from '../support/postgres/programs.ts';
import { isUntouched, ownedBy, projectForNotes } from './fixtures/postgres-owned.ts';

describeWithMounts('a disk that is too small for a copy', [], () => {
  const smallDisk = async (size: string): Promise<Mount> => {
    const mount = mountTmpfs(size);
    onTestFinished(() => mount.unmount());
    await chmod(mount.folder, 0o777);
    return mount;
  };

  /** With a table of 22 MB. */
  const newMain = async (server: PostgresServer): Promise<string> => {
    await server.query('CREATE ROLE other; CREATE ROLE maker LOGIN CREATEDB; GRANT pg_read_all_data, other TO maker');
    const address = await ownedBy(server, 'maker', 'shop');
    await server.query(
      `DROP TABLE others; CREATE TABLE fillers AS SELECT n AS id, repeat('x', 500) AS body FROM generate_series(1, 40000) AS n;
       ALTER TABLE fillers OWNER TO maker; CHECKPOINT`,
      'shop',
    );
    return address;
  };

  const rows = async (server: PostgresServer): Promise<unknown> =>
    (await server.query('SELECT count(*)::int AS n, pg_postmaster_start_time() AS start FROM fillers', 'shop'))[0];

  it("is that of main's own server: copies are refused before the server would go down with it", async () => {
    const { folder } = await smallDisk('110m');
    await using server = await startPostgres({
      parent: folder,
      settings: { min_wal_size: '32MB', max_wal_size: '32MB' },
    });
    await newMain(server);
    const before = await rows(server);
    const project = await projectForNotes();
    for (const provider of ['template', 'dump'])
      for (const verb of [['gate'], ['up', '--safe']] as const) {
        const { exitCode, stderr } = await project.forerun(server.url('shop'), [...verb, '--provider', provider]);
        expect(stderr).toMatch(
          /A copy of "shop" needs about [\d.]+ MB on the server's disk \(.*\), and [\d.]+ MB are free.*Free some space there.*branchServer/s,
        );
        expect(exitCode).toBe(1);
      }
    const doctor = await project.forerun(server.url('shop'), ['doctor', '--provider', 'template']);
    expect(doctor.stdout).toMatch(/✗ provider .* are free, and a run needs/);
    expect(await rows(server)).toEqual(before);
    expect(await isUntouched(server, 'shop')).toBe(true);
    expect(await leftBehind(server, project)).toEqual([]);
  });

  it('is that of a server of which that cannot be known: the restore fails, and the server stays up', async () => {
    const { folder } = await smallDisk('62m');
    await using server = await startPostgres({ parent: folder });
    await logElsewhere(server);
    const address = await newMain(server);
    const before = await rows(server);
    const project = await projectForNotes();
    const { exitCode, stderr } = await project.forerun(address, ['up', '--safe', '--provider', 'dump']);
    expect(stderr).toMatch(
      /pg_restore failed: .*No space left on device.*All of it takes about [\d.]+ MB on the server's disk.*Free some space there/s,
    );
    expect(exitCode).toBe(1);
    expect(await rows(server)).toEqual(before);
    expect(await isUntouched(server, 'shop')).toBe(true);
    expect(await leftBehind(server, project)).toEqual([]);
  });

  it('is that of the folder for dumps or for clones, and nothing stays in it', async () => {
    const { folder } = await smallDisk('8m');
    await using server = await startPostgres();
    await newMain(server);
    const project = await projectForNotes();
    await project.config(
      (dist) => `import { dump } from '${dist}/providers/dump.js'; import { clone } from '${dist}/providers/clone.js';
      const folder = '${folder}';
      export default { provider: process.env.WAY === 'clone' ? clone({ folder }) : dump({ folder }) };`,
    );
    for (const [way, words] of [
      ['dump', /pg_dump failed: .*No space left on device.*All of it takes about [\d.]+ MB in .*option folder/s],
      ['clone', /A copy of the cluster needs about [\d.]+ MB in .*, and .* are free.*option folder/s],
    ] as const) {
      const { exitCode, stderr } = await project.forerun(server.url('shop'), ['up', '--safe'], { WAY: way });
      expect(stderr).toMatch(words);
      expect(exitCode).toBe(1);
      expect(await readdir(folder)).toEqual([]);
      expect(await leftBehind(server, project)).toEqual([]);
    }
    expect(await isUntouched(server, 'shop')).toBe(true);
  });
});

/** A server's log on a disk of its own: a full one there ends the server by itself. */
async function logElsewhere(server: PostgresServer): Promise<void> {
  const use = await programs(15);
  const folder = await mkdtemp(join(memory, 'forerun-test-log-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await execa('chown', ['--reference', server.dataFolder, folder]);
  await execa(use.pgCtl, ['stop', '-D', server.dataFolder, '-m', 'fast', '-w'], {
    ...use.as,
    cwd: dirname(server.dataFolder),
  });
  const log = join(server.dataFolder, 'pg_wal');
  await execa('mv', [log, folder]);
  await execa('ln', ['-s', join(folder, 'pg_wal'), log]);
  await server.restart();
}
