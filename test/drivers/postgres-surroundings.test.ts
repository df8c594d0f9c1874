import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { unlikeMain, type Circumstances } from '../../src/drivers/postgres/unlike-main.ts';
import { gate, status } from '../../src/index.ts';
import { dump } from '../../src/providers/dump.ts';
import { statusText } from '../../src/reports/status-text.ts';
import { plain } from '../../src/reports/style.ts';
import { startPostgres } from '../support/postgres.ts';
import { postgresProject } from './fixtures/postgres-project.ts';

const forerun = join(import.meta.dirname, '../../bin/forerun.js');

describe.each([15, 18] as const)('on PostgreSQL %i', { timeout: 60_000 }, (version) => {
  test('what is not compared is listed where it is asked for, and in the report of a rehearsal', async () => {
    await using server = await startPostgres({ version });
    await using project = await postgresProject(
      server,
      'SET client_min_messages = error; CREATE TABLE notes (id integer); CREATE PUBLICATION p FOR TABLE notes; CREATE PUBLICATION q',
    );
    await project.migration('001_body.sql', 'ALTER TABLE notes ADD COLUMN body text');
    const verbose = await status(project.config(), { verbose: true });
    expect(verbose.notCompared).toEqual(['2 publications']);
    expect(statusText(verbose, { style: plain, cwd: '/', verbose: true })).toContain(
      'Note: Not compared, and what a migration does to them is not seen: 2 publications.',
    );
    expect(await status(project.config())).not.toHaveProperty('notCompared');
    const { stdout } = await execa(process.execPath, [forerun, 'status', '--verbose', '--database', project.url], {
      cwd: project.root,
    });
    expect(stdout).toContain('what a migration does to them is not seen: 2 publications.');
    const { outcome, findings } = await gate(project.config());
    expect(outcome).toBe('passed');
    expect(findings.filter(({ migration }) => migration === undefined)).toEqual([
      {
        gate: 'rehearsal',
        severity: 'note',
        message: 'Not compared, and what a migration does to them is not seen: 2 publications.',
      },
    ]);
  });
});

test('a branch on a server with other settings, and without what is dead in main, is said to be unlike main', async () => {
  await using server = await startPostgres({ settings: { autovacuum: 'off', work_mem: '5MB' } });
  await using other = await startPostgres({ settings: { autovacuum: 'off', work_mem: '6MB', jit: 'off' } });
  await using project = await postgresProject(
    server,
    `CREATE TABLE notes AS SELECT n AS id, repeat('x', 1000) AS body FROM generate_series(1, 12000) AS n; DELETE FROM notes WHERE id > 10`,
  );
  await project.migration('001_title.sql', 'ALTER TABLE notes ADD COLUMN title text');
  await project.migration('002_kind.sql', 'ALTER TABLE notes ADD COLUMN kind text');
  const { outcome, findings } = await gate(project.config({ provider: dump({ branchServer: other.url() }) }));
  expect(outcome).toBe('passed');
  const ofRun = findings.filter(({ migration }) => migration === undefined);
  expect(ofRun.map(({ message }) => message)).toEqual([
    expect.stringMatching(
      /^The branch is unlike main, so that times on main may differ: main has [\d.]+ MB and the branch [\d.]+ MB \(what is dead .*\); work_mem is 5MB on main and 6MB on the branch; jit is on on main and off on the branch\.$/,
    ),
  ]);
});

test('differences of a version, a size and settings are clauses; small ones of size and unknown settings are none', () => {
  const main: Circumstances = { version: '15.18', bytes: 900e6, settings: { jit: 'on', fsync: 'on', work_mem: '4MB' } };
  expect(unlikeMain(main, main)).toEqual([]);
  expect(unlikeMain(main, { ...main, bytes: 860e6 })).toEqual([]);
  expect(unlikeMain({ ...main, bytes: 9e6 }, { ...main, bytes: 1e6 })).toEqual([]);
  expect(unlikeMain(main, { version: '15.17', bytes: 1.2e9, settings: { fsync: 'off', work_mem: '4MB' } })).toEqual([
    'main is PostgreSQL 15.18 and the branch PostgreSQL 15.17',
    'main has 900 MB and the branch 1.2 GB',
    'fsync is on on main and off on the branch',
  ]);
});
