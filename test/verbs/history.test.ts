import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checksum } from '../../src/checksum.ts';
import { ownWork } from '../../src/promotion/claim.ts';
import { down, up } from '../../src/run.ts';
import type { JournalEntry } from '../../src/seams/records.ts';
import { baseline, repair } from '../../src/verbs/history.ts';
import { status } from '../../src/verbs/status.ts';
import { newProject, type Project } from '../support/project.ts';
import { addAudit, addPhone, refusal } from './shop.ts';

async function changedProject(): Promise<Project> {
  const project = await newProject();
  await project.migration('001_phone.sql', addPhone);
  await project.migration('002_audit.sql', addAudit);
  await up(await project.setup());
  await project.migration('001_phone.sql', `-- why\n${addPhone}`);
  await project.migration('002_audit.sql', `-- why\n${addAudit}`);
  return project;
}

async function documents(
  project: Project,
): Promise<{ name: string; mode: number; content: Record<string, unknown> }[]> {
  const folder = join(project.root, '.forerun', 'runs');
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('-repair.json'));
  return Promise.all(
    names.map(async (name) => ({
      name,
      mode: (await stat(join(folder, name))).mode & 0o777,
      content: JSON.parse(await readFile(join(folder, name), 'utf8')) as Record<string, unknown>,
    })),
  );
}

test('one changed file is accepted with its present text, its reason is kept for the owner alone, the other stays changed', async () => {
  const project = await changedProject();
  const setup = await project.setup();
  const [before] = (await status(setup)).applied;
  const rows = await repair(setup, '001_phone', 'a comment was added');
  expect(rows).toEqual([{ ...before, checksum: checksum(`-- why\n${addPhone}`) }]);
  expect((await status(setup)).drift.map((drift) => ('name' in drift ? drift.name : ''))).toEqual(['002_audit']);
  const [document, ...others] = await documents(project);
  expect(others).toEqual([]);
  expect(document?.mode).toBe(0o600);
  expect(document?.content).toMatchObject({
    format: 1,
    verb: 'repair',
    reason: 'a comment was added',
    rows: [{ name: '001_phone', from: before?.checksum, to: rows[0]?.checksum }],
  });
});

test('the text that was accepted is what a later change is compared with', async () => {
  const project = await changedProject();
  const setup = await project.setup();
  await repair(setup, '001', 'a comment was added');
  await project.migration('001_phone.sql', `-- why not\n${addPhone}`);
  const [drift] = (await status(setup)).drift;
  expect(drift).toMatchObject({ diff: expect.stringContaining('--- why\n+-- why not') as string });
});

test('without a name all changed files are accepted, and the next time there is nothing to do', async () => {
  const project = await changedProject();
  const setup = await project.setup();
  expect((await repair(setup, undefined, 'comments')).map((row) => row.name)).toEqual(['001_phone', '002_audit']);
  expect((await status(setup)).drift).toEqual([]);
  expect(await repair(setup, undefined, 'comments')).toEqual([]);
  expect(await documents(project)).toHaveLength(1);
});

test('a repair needs a reason, a migration that there is, and one that is changed', async () => {
  const project = await changedProject();
  await project.migration('003_more.sql', 'CREATE TABLE more (id INTEGER);');
  const setup = await project.setup();
  await refusal(repair(setup, undefined, '  '), 'USAGE');
  expect((await refusal(repair(setup, '001_phon', 'x'), 'NOT_FOUND')).next).toContain('Did you mean 001_phone?');
  await refusal(repair(setup, '003_more', 'x'), 'USAGE');
  await repair(setup, '001_phone', 'x');
  await refusal(repair(setup, '001_phone', 'x'), 'USAGE');
});

test('that a file is gone is accepted by its name alone, and can be taken back by a repair when it is there again', async () => {
  const project = await changedProject();
  await project.migration('001_phone.sql', addPhone);
  await project.migration('002_audit.sql', addAudit);
  const setup = await project.setup();
  const [before] = (await status(setup)).applied;
  await rm(join(project.root, 'migrations', '001_phone.sql'));
  expect(await repair(setup, undefined, 'squashed')).toEqual([]);
  expect((await refusal(repair(setup, '001_phon', 'squashed'), 'NOT_FOUND')).next).toContain('Did you mean 001_phone?');

  const gone = { ...before, checksum: `gone:${before?.checksum}` };
  expect(await repair(setup, '001', 'squashed')).toEqual([gone]);
  expect(await status(setup)).toMatchObject({ applied: [gone, {}], gone: ['001_phone'], drift: [], stops: false });
  expect((await documents(project))[0]?.content).toMatchObject({
    reason: 'squashed',
    rows: [{ name: '001_phone', from: before?.checksum, to: gone.checksum }],
  });
  await refusal(repair(setup, '001_phone', 'squashed'), 'USAGE');

  await project.migration('001_phone.sql', addPhone);
  expect(await status(setup)).toMatchObject({ applied: [gone, {}], gone: [], drift: [], pending: [] });
  expect(await repair(setup, undefined, 'found again')).toEqual([before]);
  await rm(join(project.root, 'migrations', '001_phone.sql'));
  expect((await status(setup)).drift).toMatchObject([{ kind: 'missing', name: '001_phone' }]);
});

test('a down says that a later migration without a file stays', async () => {
  const project = await newProject();
  await project.migration('001_audit.up.sql', addAudit);
  await project.migration('001_audit.down.sql', 'DROP TABLE audit;');
  await project.migration('002_phone.sql', addPhone);
  const setup = await project.setup();
  await up(setup);
  await rm(join(project.root, 'migrations', '002_phone.sql'));
  await repair(setup, '002_phone', 'squashed');
  const result = await down(setup, { safe: true });
  expect(result).toMatchObject({ outcome: 'promoted', migrations: [{ name: '001_audit' }] });
  expect(result.findings.map(({ message }) => message)).toContain(
    '002_phone was applied after 001_audit; it stays, because its file is gone.',
  );
});

test('a repair of a migration in whose middle a run ended takes its word that nothing is left, also without its file, and keeps that run from going on', async () => {
  const project = await changedProject();
  const setup = await project.setup();
  const { driver, main } = setup;
  const entry: JournalEntry = {
    run: 'dead',
    epoch: 1,
    host: hostname(),
    pid: 1,
    phase: 'journalled',
    migration: '003_index',
    at: new Date().toISOString(),
  };
  const identity = await driver.identity(main);
  await driver.transaction(main, ownWork(), async (session) => driver.journal(session).write(identity, entry));
  expect(await repair(setup, '003_index', 'dropped by hand')).toEqual([]);
  await using connection = await driver.open(main);
  expect(await driver.journal(connection).read(identity)).toEqual({ ...entry, phase: 'finished', epoch: 2 });
});

test('a reason is not kept where the history could not be written', async () => {
  const project = await changedProject();
  const setup = await project.setup();
  const driver = { ...setup.driver, transaction: () => Promise.reject(new Error('disk full')) };
  await expect(repair({ ...setup, driver }, undefined, 'x')).rejects.toThrow('disk full');
  expect(await documents(project)).toEqual([]);
});

test('a baseline marks a migration and all before it as applied, and runs nothing', async () => {
  const project = await newProject();
  await project.migration('001_users.sql', 'CREATE TABLE users (id INTEGER);');
  await project.migration('002_orders.sql', 'CREATE TABLE orders (id INTEGER);');
  await project.migration('003_audit.sql', addAudit);
  const setup = await project.setup();
  const rows = await baseline(setup, '002');
  expect(rows.map((row) => row.name)).toEqual(['001_users', '002_orders']);
  expect(rows[0]?.checksum).toBe(checksum('CREATE TABLE users (id INTEGER);'));
  expect((await status(setup)).pending.map((one) => one.name)).toEqual(['003_audit']);
  expect((await status(setup)).drift).toEqual([]);
  expect((await up(setup, { safe: true })).outcome).toBe('promoted');
  expect(await baseline(setup, '003_audit')).toEqual([]);
});

test('a baseline can be moved forward, and is refused where a later migration was applied', async () => {
  const project = await newProject();
  await project.migration('002_orders.sql', 'CREATE TABLE x (id INTEGER);');
  const setup = await project.setup();
  await baseline(setup, '002');
  await project.migration('003_audit.sql', addAudit);
  expect((await baseline(setup, '003')).map((row) => row.name)).toEqual(['003_audit']);
  await project.migration('001_users.sql', 'CREATE TABLE y (id INTEGER);');
  for (const version of ['001', '003'])
    expect((await refusal(baseline(setup, version), 'USAGE')).message).toContain('002_orders');
  expect((await refusal(baseline(setup, '0001x'), 'NOT_FOUND')).next).toContain('Did you mean 001?');
  expect((await refusal(baseline(setup, '004'), 'NOT_FOUND')).next).not.toContain('Did you mean');
});

test('a version may be typed as a number, and as it stands where both are there', async () => {
  const project = await newProject();
  for (const name of ['001_users.sql', '002_orders.sql', '20260101000000_late.sql'])
    await project.migration(name, `CREATE TABLE t_${name.slice(0, 3)}_${name.length} (id INTEGER);`);
  const setup = await project.setup();
  expect((await baseline(setup, '1')).map((row) => row.name)).toEqual(['001_users']);
  expect(await up(setup, { to: '2' })).toMatchObject({ migrations: [{ name: '002_orders' }] });
  await project.migration('1_twin.sql', 'CREATE TABLE twin (id INTEGER);');
  expect(await baseline(setup, '001')).toEqual([]);
});
