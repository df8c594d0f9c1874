import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { claimMain } from '../../src/promotion/claim.ts';
import { recorded } from '../../src/run-log.ts';
import { doctor, type Diagnosis } from '../../src/verbs/doctor.ts';
import { lockMain, newHolder } from '../../src/verbs/lock.ts';
import { newProject } from '../support/project.ts';
import { addAudit } from './shop.ts';

function of(all: readonly Diagnosis[], name: string): Diagnosis | undefined {
  return all.find((one) => one.name === name);
}

test('a project in good health is told so, with the cost of a checkpoint, and main is not touched', async () => {
  const project = await newProject();
  await project.migration('001_audit.sql', addAudit);
  const before = await readFile(project.path);
  const found = await doctor(await project.setup());
  expect(found.map((one) => one.name)).toEqual([
    'node',
    'database',
    'folder',
    'provider',
    'lock',
    'last run',
    'copies',
    'migrations',
    'checks',
  ]);
  expect(found.filter((one) => one.state !== 'ok')).toEqual([]);
  expect(of(found, 'database')?.detail).toContain('2 tables');
  expect(of(found, 'provider')?.detail).toMatch(
    /^copy on this machine: a checkpoint is a (copy|reflink) of [\d.]+ k?B; /,
  );
  expect(of(found, 'migrations')?.detail).toBe('1 migration (sql)');
  expect(await readFile(project.path)).toEqual(before);
});

test('everything wrong is listed, not the first thing only', async () => {
  const project = await newProject();
  const found = await doctor(await project.setup({ database: 'absent.db', migrations: 'nowhere' }));
  expect(of(found, 'database')).toMatchObject({
    state: 'fail',
    detail: expect.stringContaining('absent.db') as string,
  });
  expect(of(found, 'migrations')).toMatchObject({
    state: 'fail',
    detail: expect.stringContaining('nowhere') as string,
  });
  expect(of(found, 'lock')).toBeUndefined();
});

test('says who holds the lock and which run has not finished', async () => {
  const project = await newProject();
  const setup = await project.setup();
  await recorded(setup, 'up', true, {}, async (run) => {
    await claimMain(run);
    return 'passed';
  });
  await using _lock = await lockMain(setup, newHolder('up'));
  const found = await doctor(setup);
  expect(of(found, 'lock')).toMatchObject({
    state: 'warn',
    detail: expect.stringContaining(`process ${process.pid}`) as string,
  });
  expect(of(found, 'last run')).toMatchObject({
    state: 'warn',
    detail: expect.stringContaining('its process runs') as string,
  });
});

test('names checks, an empty migration folder, too little room, and a provider that fails', async () => {
  const project = await newProject();
  const setup = await project.setup({ verify: { 'no orphans': async () => true } });
  const estimate = (bytes: number, freeBytes: number) => ({
    ...setup.provider,
    estimate: async () => ({ way: 'backup', bytes, freeBytes }),
  });
  const found = await doctor({ ...setup, provider: estimate(5_040_000, 12_000_000) });
  expect(of(found, 'checks')?.detail).toBe('1 of your own: no orphans');
  expect(of(found, 'migrations')?.state).toBe('warn');
  expect(of(found, 'provider')).toMatchObject({
    state: 'warn',
    detail: 'copy on this machine: a checkpoint is a backup of 5 MB; 12 MB are free',
  });
  expect(of(await doctor({ ...setup, provider: estimate(5_340_000, 9_000_000) }), 'provider')).toMatchObject({
    state: 'fail',
    detail: expect.stringMatching(/of 5\.3 MB; 9 MB are free, and a run needs 10\.7 MB at least$/) as string,
  });
  const broken = { ...setup.provider, estimate: () => Promise.reject(new Error('no rights')) };
  expect(of(await doctor({ ...setup, provider: broken }), 'provider')).toEqual({
    name: 'provider',
    state: 'fail',
    detail: 'no rights',
  });
});

test('says that main is damaged, and shows no value', async () => {
  const project = await newProject();
  project.write(
    "CREATE TABLE t (id INTEGER PRIMARY KEY, v); WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO t SELECT i, 's3cret ' || i FROM n",
  );
  const bytes = await readFile(project.path);
  bytes.fill(0xfe, bytes.length - 4096);
  await writeFile(project.path, bytes);
  const found = of(await doctor(await project.setup()), 'database');
  expect(found).toMatchObject({ state: 'fail', detail: expect.stringMatching(/; it is damaged: ./) as string });
  expect(JSON.stringify(found)).not.toContain('s3cret');
});

test('a check that cannot be asked is named', async () => {
  const project = await newProject();
  const found = await doctor(await project.setup({ validate: ['nosuchprog'] }));
  expect(of(found, 'checks')).toMatchObject({
    state: 'fail',
    detail: expect.stringContaining('no program nosuchprog') as string,
  });
});
