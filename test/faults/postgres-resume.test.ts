import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { up } from '../../src/index.ts';
import { startPostgres } from '../support/postgres.ts';

const forerun = join(import.meta.dirname, '../../bin/forerun.js');

test.each([15, 18] as const)(
  'a run on PostgreSQL %i that is killed while its index is built concurrently is gone on with, part by part',
  { timeout: 120_000 },
  async (version) => {
    await using server = await startPostgres({ version });
    const database = await server.createDatabase('shop');
    await server.query(
      `CREATE TABLE notes AS SELECT n AS id FROM generate_series(1, 400) AS n;
       CREATE FUNCTION slow(n int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.004); RETURN n; END $$`,
      'shop',
    );
    const root = await mkdtemp(join(tmpdir(), 'forerun-resume-'));
    onTestFinished(() => rm(root, { recursive: true, force: true }));
    await mkdir(join(root, 'migrations'));
    await writeFile(
      join(root, 'migrations', '001_index.sql'),
      'ALTER TABLE notes ADD COLUMN a int;\nCREATE INDEX CONCURRENTLY notes_slow ON notes (slow(id));\nALTER TABLE notes ADD COLUMN b int;\n',
    );
    const deployer = execa(process.execPath, [forerun, 'up', '--safe', '--database', database], {
      cwd: root,
      stdin: 'ignore',
      all: true,
      reject: false,
    });
    let ended: string | undefined;
    void deployer.then(({ all }) => (ended = all));
    const building = `SELECT pid, application_name AS name FROM pg_stat_activity
      WHERE datname = 'shop' AND query LIKE 'CREATE INDEX CONCURRENTLY%' AND state = 'active'`;
    let backends: Record<string, unknown>[] = [];
    while (backends.length === 0) {
      await sleep(20);
      // Where it gives up before, its own words say why.
      expect(ended).toBeUndefined();
      backends = await server.query(building);
    }
    deployer.kill('SIGKILL');
    // The server works on: its client's death is nothing that it looks up for.
    const [journal] = await server.query(`SELECT entry::json AS entry FROM _forerun_journal`, 'shop');
    const entry = journal?.['entry'] as Record<string, unknown> | undefined;
    expect(entry).toMatchObject({
      phase: 'journalled',
      stretch: { index: 2, of: 3, alone: true, done: false },
    });
    expect(backends[0]?.['name']).toBe(`forerun:${String(entry?.['run'])}`);

    const result = await up({ database, root }, { safe: true });
    expect(result).toMatchObject({ outcome: 'promoted', migrations: [{ promotion: 'journalled' }] });
    expect(result.findings.map(({ message }) => message)).toContain(
      '001_index is on main up to part 1 of 3; this run goes on from there.',
    );
    expect(await server.query('SELECT name FROM _schema_history', 'shop')).toEqual([{ name: '001_index' }]);
    expect(
      await server.query("SELECT indisvalid FROM pg_index WHERE indexrelid = 'notes_slow'::regclass", 'shop'),
    ).toEqual([{ indisvalid: true }]);
    expect(await server.query(building, 'shop')).toEqual([]);
  },
);
