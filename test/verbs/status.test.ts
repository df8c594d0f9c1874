import { readFile, readdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { expect, test } from 'vitest';
import { ownWork } from '../../src/promotion/claim.ts';
import { statusText } from '../../src/reports/status-text.ts';
import { plain } from '../../src/reports/style.ts';
import { gate, up } from '../../src/run.ts';
import { branch, checkpoint } from '../../src/verbs/copies.ts';
import { status } from '../../src/verbs/status.ts';
import { newProject } from '../support/project.ts';
import { addAudit, addPhone, refusal } from './shop.ts';

test('tells what is applied and what is pending', async () => {
  const project = await newProject();
  await project.migration('001_phone.sql', addPhone);
  const setup = await project.setup();
  await up(setup);
  await project.migration('002_audit.sql', addAudit);
  const found = await status(setup);
  expect(found.applied.map((row) => row.name)).toEqual(['001_phone']);
  expect(found.pending).toEqual([{ version: '002', name: '002_audit' }]);
  expect(found).toMatchObject({ database: `sqlite:${project.path}`, drift: [], notes: [] });
  expect(found.unfinished).toBeUndefined();
});

test('shows what was changed in a changed file, and every other drift', async () => {
  const project = await newProject();
  await project.migration('002_phone.sql', addPhone);
  const setup = await project.setup();
  await up(setup);
  await project.migration('002_phone.sql', `${addPhone}\n-- more\n`);
  await project.migration('001_audit.sql', addAudit);
  const { drift } = await status(setup);
  expect(drift.map((one) => one.kind)).toEqual(['changed', 'out-of-order']);
  expect(drift[0]).toMatchObject({ name: '002_phone', diff: expect.stringContaining('+-- more') as string });
});

test('says whether a run would stop at the drift, as the policy has it', async () => {
  const project = await newProject();
  await project.migration('002_phone.sql', addPhone);
  const setup = await project.setup();
  expect((await status(setup)).stops).toBe(false);
  await up(setup);
  await project.migration('001_audit.sql', addAudit);
  expect((await status(setup)).stops).toBe(true);
  const lenient = await project.setup({ policy: { 'out-of-order': 'warn' } });
  expect((await status(lenient)).stops).toBe(false);
  const result = await gate(lenient);
  expect(result.findings.find((finding) => finding.gate === 'drift')?.message).not.toContain('policy');
});

test('a file that is no migration does not hide what is applied and what is unfinished', async () => {
  const project = await newProject();
  await project.migration('001_phone.sql', addPhone);
  const setup = await project.setup();
  await up(setup);
  await project.migration('xx_2.sql', addAudit);
  const found = await status(setup);
  expect(found.applied.map((row) => row.name)).toEqual(['001_phone']);
  expect(found).toMatchObject({ pending: [], stops: true, problem: { code: 'BAD_MIGRATION' } });
  expect(found.problem?.message).toContain('xx_2.sql');
});

test('counts checkpoints and branches', async () => {
  const project = await newProject();
  const setup = await project.setup();
  await checkpoint(setup, 'one');
  await branch(setup, { name: 'two' });
  expect((await status(setup)).copies).toEqual({ checkpoints: 2, branches: 1, leftovers: 0 });
});

test.each([
  [
    'elsewhere',
    42,
    undefined,
    'It goes on at this moment, or it died; then the next "forerun up --safe" cleans up',
    'forerun up --safe',
  ],
  [
    hostname(),
    process.pid,
    true,
    'Its process runs on this host: it goes on at this moment.',
    'wait until that run has ended, then see: forerun status',
  ],
  [hostname(), 2 ** 22 + 1, false, 'It died: the next "forerun up --safe" cleans up after it.', 'forerun up --safe'],
])('names a run that has not said that it finished, of %s, process %i: going on is %s', async (...row) => {
  const [host, pid, goingOn, told, next] = row;
  const project = await newProject();
  await project.migration('001_audit.sql', addAudit);
  const setup = await project.setup();
  const { driver, main } = setup;
  await driver.transaction(main, ownWork(), async (session) => {
    const entry = { run: 'run-1', epoch: 3, host, pid, phase: 'promoting', at: '2026-01-01T00:00:00Z' } as const;
    await driver.journal(session).write(await driver.identity(main), entry);
  });
  const found = await status(setup);
  expect(found.unfinished).toMatchObject({ run: 'run-1', phase: 'promoting' });
  expect(found.unfinished?.goingOn).toBe(goingOn);
  const text = statusText(found, { style: plain, cwd: '/', verbose: false });
  expect(text).toContain(told);
  expect(/Next: (.*)/.exec(text)?.[1]).toBe(next);
});

test.each([true, false])(
  'a run that died is spoken of no more after the next one, which may have nothing to do (safe: %s)',
  async (safe) => {
    const project = await newProject();
    await project.migration('001_audit.sql', addAudit);
    const setup = await project.setup();
    await up(setup, { safe: true });
    const { driver, main } = setup;
    await driver.transaction(main, ownWork(), async (session) => {
      const identity = await driver.identity(main);
      const { epoch = 0 } = (await driver.journal(session).read(identity)) ?? {};
      const dead = {
        run: 'run-1',
        host: hostname(),
        pid: 2 ** 22 + 1,
        phase: 'promoting',
        at: '2026-01-01T00:00:00Z',
      } as const;
      await driver.journal(session).write(identity, { ...dead, epoch: epoch + 1 });
    });
    if (!safe) await project.migration('002_phone.sql', addPhone);
    expect((await up(setup, { safe })).exitCode).toBe(0);
    expect((await status(setup)).unfinished).toBeUndefined();
  },
);

test('computes an adoption without writing it, and says which checksums are weak', async () => {
  const project = await newProject();
  await project.migration('001_audit.sql', addAudit);
  const plain = await project.setup();
  const [file] = await plain.source.migrations();
  if (file === undefined) throw new Error('no migration');
  const migrations = [{ ...file, checksum: 'sha256-function:00' as const }];
  const source = { name: 'umzug', migrations: async () => migrations, recorded: async () => ['001_audit'] };
  const before = [await readFile(project.path), await readdir(project.root)];
  const found = await status({ ...plain, source });
  expect(found.applied.map((row) => row.name)).toEqual(['001_audit']);
  expect(found.pending).toEqual([]);
  expect(found.notes).toEqual([
    '1 migration stands in the record of umzug alone: 001_audit. The next run writes it into the history.',
    "Of 001_audit only the function's own text is checked for changes, not what it imports.",
  ]);
  expect([await readFile(project.path), await readdir(project.root)]).toEqual(before);
});

test('writes nothing on main or beside it, with a WAL and with a rollback journal', async () => {
  for (const journalMode of ['wal', 'delete'] as const) {
    const project = await newProject({ journalMode });
    await project.migration('001_audit.sql', addAudit);
    const setup = await project.setup();
    const before = [await readFile(project.path), await readdir(project.root)];
    await status(setup);
    expect([await readFile(project.path), await readdir(project.root)]).toEqual(before);
  }
});

test('refuses a database that is not there', async () => {
  const project = await newProject();
  await refusal(status(await project.setup({ database: 'absent.db' })), 'BAD_TARGET');
});
