import { expect, test } from 'vitest';
import { resolveConfig } from '../../src/config.ts';
import type { Event } from '../../src/events.ts';
import { down, up } from '../../src/run.ts';
import type { Provider } from '../../src/seams/provider.ts';
import type { Setup } from '../../src/setup.ts';
import { branch, branches, checkpoints, discard, type CopyInfo } from '../../src/verbs/copies.ts';
import { promoteBranch } from '../../src/verbs/promote.ts';
import { rollback } from '../../src/verbs/rollback.ts';
import { status } from '../../src/verbs/status.ts';
import { newProject, type Project } from '../support/project.ts';
import { addAudit, addPhone, write } from './shop.ts';

/** As `--database <branch>` has it. */
function onBranch(project: Project, made: CopyInfo): Promise<Setup> {
  return resolveConfig({ database: made.variable, root: project.root });
}

async function labels(setup: Setup): Promise<readonly string[]> {
  return [...(await checkpoints(setup)), ...(await branches(setup))].map((copy) => copy.label);
}

test.each(['wal', 'delete'] as const)(
  'a branch that was migrated becomes main, with its history (%s)',
  async (journalMode) => {
    const project = await newProject({ journalMode });
    await project.migration('001_phone.sql', addPhone);
    const setup = await project.setup();
    await up(setup);
    const made = await branch(setup, { name: 'audit' });
    await project.migration('002_audit.sql', addAudit);
    expect((await up(await onBranch(project, made), { safe: true })).outcome).toBe('promoted');
    const result = await promoteBranch(setup, 'audit');
    expect(result).toMatchObject({ outcome: 'promoted', exitCode: 0, verb: 'promote', findings: [] });
    expect(result.migrations).toMatchObject([{ name: '002_audit', outcome: 'promoted', promotion: 'swap' }]);
    expect(result.migrations[0]?.evidence.schema?.diff).toEqual([{ object: 'table audit', change: 'added' }]);
    const after = await status(setup);
    expect(after.applied.map((row) => row.name)).toEqual(['001_phone', '002_audit']);
    expect(after).toMatchObject({ pending: [], drift: [] });
    expect(after.unfinished).toBeUndefined();
    expect(project.read('PRAGMA journal_mode')).toEqual([journalMode]);
    expect(await labels(setup)).toEqual(['base-of-audit', 'before-promote-audit']);
    await rollback(setup, result.migrations[0]?.checkpoint ?? '');
    expect((await status(setup)).pending.map((one) => one.name)).toEqual(['002_audit']);
  },
);

test('a branch that was changed by hand becomes main; changed values warn, because a person chose it', async () => {
  const project = await newProject();
  const setup = await project.setup();
  const made = await branch(setup, { name: 'fix' });
  write(made.path, "UPDATE users SET name = 'Alicia' WHERE id = 1; INSERT INTO orders (user_id, total) VALUES (3, 1)");
  const result = await promoteBranch(setup, 'fix');
  expect(result).toMatchObject({ outcome: 'promoted', migrations: [] });
  expect(result.findings).toMatchObject([
    { gate: 'data-preserved', severity: 'warn', message: 'users.name has another value in 1 row.' },
    { gate: 'promotion', severity: 'note' },
  ]);
  expect(project.read('SELECT name FROM users WHERE id = 1')).toEqual(['Alicia']);
  expect(project.read('SELECT count(*) FROM orders')).toEqual([4]);
});

test('rows that are gone block, and so do changed values where the policy says so; main is untouched and the branch stays', async () => {
  const project = await newProject();
  const setup = await project.setup();
  const made = await branch(setup, { name: 'bad' });
  write(made.path, "DELETE FROM orders WHERE id = 2; UPDATE users SET name = 'x'");
  const result = await promoteBranch(setup, 'bad');
  expect(result).toMatchObject({ outcome: 'blocked', exitCode: 3 });
  expect(result.findings.filter((finding) => finding.severity === 'block').map((finding) => finding.message)).toEqual([
    expect.stringMatching(/1 row of orders is gone.*write in the configuration: allow: \['rows-lost orders'\]$/),
  ]);
  expect(project.read('SELECT count(*) FROM orders')).toEqual([3]);
  expect(await labels(setup)).toEqual(['base-of-bad', 'bad']);
  const strict = await project.setup({ policy: { 'data-preserved': 'block' }, allow: ['rows-lost orders'] });
  const again = await promoteBranch(strict, 'bad');
  expect(again.outcome).toBe('blocked');
  expect(again.findings.filter((finding) => finding.severity === 'block').map((finding) => finding.message)).toEqual([
    'users.name has another value in 3 rows.',
  ]);
  const off = await project.setup({ policy: { 'data-preserved': 'off' } });
  expect((await promoteBranch(off, 'bad')).findings).toContainEqual({
    gate: 'policy',
    severity: 'note',
    message: 'Gates that are off: data-preserved.',
  });
});

test('a permit in the text that was applied to the branch counts', async () => {
  const project = await newProject();
  const setup = await project.setup();
  const made = await branch(setup, { name: 'purge' });
  await project.migration('001_purge.sql', '-- forerun: allow rows-lost orders\nDELETE FROM orders WHERE id = 2;');
  await up(await onBranch(project, made));
  const result = await promoteBranch(setup, 'purge');
  expect(result.outcome).toBe('promoted');
  expect(result.findings).toMatchObject([{ gate: 'data-preserved', severity: 'note', migration: '001_purge' }]);
  expect(project.read('SELECT count(*) FROM orders')).toEqual([2]);
});

test.each([
  ['INSERT INTO orders (user_id, total) VALUES (2, 5)', 'orders has 1 row more'],
  ["UPDATE users SET name = 'Bert' WHERE id = 2", 'users has other values in name'],
  ['DELETE FROM orders WHERE id = 1', 'orders has 1 gone'],
  ['CREATE TABLE late (id INTEGER)', 'table late was added'],
])('what was written to main since is never overwritten: %s', async (sql, told) => {
  const project = await newProject();
  const setup = await project.setup();
  const made = await branch(setup, { name: 'fix' });
  write(made.path, addAudit);
  project.write(sql);
  const before = project.read("SELECT name || id FROM users UNION ALL SELECT id || ':' || total FROM orders");
  const result = await promoteBranch(setup, 'fix');
  expect(result).toMatchObject({ outcome: 'rolled-back', exitCode: 3 });
  expect(result.findings).toMatchObject([
    { gate: 'promotion', severity: 'block', message: expect.stringContaining(told) as string },
  ]);
  expect(result.findings[0]?.message).toMatch(/^Main was written since branch br_\w+ \(fix\) was made/);
  expect(result.findings[0]?.message).toContain('forerun diff main fix\n');
  expect(project.read("SELECT name || id FROM users UNION ALL SELECT id || ':' || total FROM orders")).toEqual(before);
  expect(await labels(setup)).toEqual(['base-of-fix', 'fix']);
});

test('a migration that was applied to main since counts as a move, even one that changed nothing', async () => {
  const project = await newProject();
  const setup = await project.setup();
  await branch(setup, { name: 'fix' });
  await project.migration('001_nothing.sql', 'UPDATE users SET name = name;');
  await up(setup);
  const result = await promoteBranch(setup, 'fix');
  expect(result.outcome).toBe('rolled-back');
  expect(result.findings[0]?.message).toContain('001_nothing was recorded');
});

test('a write to main while the branch is being judged stops the swap', async () => {
  const project = await newProject();
  const setup = await project.setup();
  const made = await branch(setup, { name: 'fix' });
  write(made.path, addAudit);
  const onEvent = (event: Event): void => {
    if (event.type === 'phase:started' && event.phase === 'rehearse')
      project.write("UPDATE users SET name = 'late' WHERE id = 1");
  };
  const result = await promoteBranch(setup, 'fix', { onEvent });
  expect(result).toMatchObject({ outcome: 'rolled-back', exitCode: 3 });
  expect(project.read('SELECT name FROM users WHERE id = 1')).toEqual(['late']);
  expect(project.read("SELECT count(*) FROM sqlite_schema WHERE name = 'audit'")).toEqual([0]);
  expect(await labels(setup)).toEqual(['base-of-fix', 'fix']);
});

test('what is written to the branch while it is being judged is not promoted unseen', async () => {
  const project = await newProject();
  const setup = await project.setup();
  const made = await branch(setup, { name: 'fix' });
  const onEvent = (event: Event): void => {
    if (event.type === 'phase:started' && event.phase === 'rehearse') write(made.path, 'DELETE FROM orders');
  };
  expect((await promoteBranch(setup, 'fix', { onEvent })).outcome).toBe('promoted');
  expect(project.read('SELECT count(*) FROM orders')).toEqual([3]);
});

test("the user's checks are asked, on a copy of the branch", async () => {
  const project = await newProject();
  const plain = await project.setup();
  await branch(plain, { name: 'fix' });
  const asked: string[] = [];
  const verify = {
    'has audit': async (target: { readonly path?: string }, { when }: { readonly when: string }) => {
      asked.push(when);
      write(target.path, 'DELETE FROM orders');
      return false;
    },
  };
  const result = await promoteBranch(await project.setup({ verify }), 'fix');
  expect(result.outcome).toBe('blocked');
  expect(result.findings).toMatchObject([{ gate: 'checks', message: expect.stringContaining('has audit') as string }]);
  expect(asked).toEqual(['after']);
});

test('what is damaged on main already is warned of, and not held against the branch', async () => {
  const project = await newProject();
  project.write(
    'CREATE TABLE odd (v CHECK (v > 0)); PRAGMA ignore_check_constraints = ON; INSERT INTO odd VALUES (-1)',
  );
  const setup = await project.setup();
  const made = await branch(setup, { name: 'mine' });
  write(made.path, addAudit);
  expect(await promoteBranch(setup, 'mine')).toMatchObject({
    outcome: 'promoted',
    findings: [
      {
        gate: 'integrity',
        severity: 'warn',
        message: expect.stringMatching(/^Main is damaged already.*odd/) as string,
      },
    ],
  });
});

test('foreign keys that the branch breaks block', async () => {
  const project = await newProject();
  const setup = await project.setup();
  const made = await branch(setup, { name: 'fix' });
  write(made.path, 'PRAGMA foreign_keys = OFF; INSERT INTO orders (user_id, total) VALUES (99, 1)');
  const result = await promoteBranch(setup, 'fix');
  expect(result.outcome).toBe('blocked');
  expect(result.findings).toMatchObject([{ gate: 'integrity', severity: 'block' }]);
});

test('of two rivals from one base the first is promoted, and the second is told that main moved', async () => {
  const project = await newProject();
  const setup = await project.setup();
  const first = await branch(setup, { name: 'first' });
  const second = await branch(setup, { from: first.parent ?? '', name: 'second' });
  write(first.path, addAudit);
  write(second.path, addPhone);
  expect((await promoteBranch(setup, 'first')).outcome).toBe('promoted');
  expect((await promoteBranch(setup, 'second')).outcome).toBe('rolled-back');
});

test('a branch of a branch brings what both changed, and its parent stays', async () => {
  const project = await newProject();
  const setup = await project.setup();
  const parent = await branch(setup, { name: 'parent' });
  write(parent.path, addAudit);
  const child = await branch(setup, { from: 'parent', name: 'child' });
  write(child.path, addPhone);
  const held = await promoteBranch(setup, 'parent');
  expect(held.outcome).toBe('promoted');
  expect(held.findings).toMatchObject([
    { gate: 'tidy', severity: 'note', message: expect.stringContaining('(child)') as string },
  ]);
  expect((await branches(setup)).map((copy) => copy.label)).toEqual(['parent', 'child']);
  await rollback(setup, 'before-promote-parent');
  expect((await promoteBranch(setup, 'child')).outcome).toBe('promoted');
  expect(project.read("SELECT count(*) FROM pragma_table_info('users') WHERE name = 'phone'")).toEqual([1]);
  expect(project.read("SELECT count(*) FROM sqlite_schema WHERE name = 'audit'")).toEqual([1]);
});

test("the project's own code hears of each migration that a branch brings or takes back, and can stop it", async () => {
  const project = await newProject();
  await project.migration('001_audit.sql', `-- migrate:up\n${addAudit}\n-- migrate:down\nDROP TABLE audit;\n`);
  const plain = await project.setup();
  await up(plain);
  const made = await branch(plain, { name: 'fix' });
  await down(await onBranch(project, made));
  await project.migration('002_phone.sql', addPhone);
  await up(await onBranch(project, made), { migrations: ['002_phone'] });
  const heard: string[] = [];
  const source = {
    ...plain.source,
    promoting: async ({ name }: { readonly name: string }, direction: string) => {
      if (heard.length === 1) throw new Error('not today');
      heard.push(`${direction} ${name}`);
    },
    promoted: async ({ name }: { readonly name: string }, direction: string) =>
      void heard.push(`${direction} ${name} done`),
  };
  const first = await promoteBranch({ ...plain, source }, 'fix');
  expect(first).toMatchObject({ outcome: 'rolled-back', exitCode: 3 });
  expect(first.findings.at(-1)?.message).toContain('not today');
  heard.length = 0;
  heard.push('', '');
  const result = await promoteBranch({ ...plain, source }, 'fix');
  expect(result.outcome).toBe('promoted');
  expect(heard.slice(2)).toEqual(['down 001_audit', 'up 002_phone', 'down 001_audit done', 'up 002_phone done']);
  expect(project.read('SELECT name FROM _schema_history')).toEqual(['002_phone']);
});

test('a migration that the project does not have is promoted with a warning', async () => {
  const project = await newProject();
  const setup = await project.setup({ migrations: 'other' });
  await project.migration('../other.txt', '');
  const made = await branch(setup, { name: 'fix' });
  await project.migration('001_audit.sql', addAudit);
  await up(await onBranch(project, made));
  const { mkdir } = await import('node:fs/promises');
  await mkdir(`${project.root}/other`);
  const result = await promoteBranch(setup, 'fix');
  expect(result.outcome).toBe('promoted');
  expect(result.findings).toMatchObject([
    { gate: 'drift', severity: 'warn', message: expect.stringContaining('001_audit is not among') as string },
  ]);
});

test('what cannot be promoted is said: no such branch, a checkpoint, a base that is gone, a provider that cannot swap', async () => {
  const project = await newProject();
  const setup = await project.setup();
  expect(await promoteBranch(setup, 'nothing')).toMatchObject({ exitCode: 2, error: { code: 'NOT_FOUND' } });
  const made = await branch(setup, { name: 'fix' });
  expect(await promoteBranch(setup, 'base-of-fix')).toMatchObject({ exitCode: 2, error: { code: 'USAGE' } });
  const unable = Object.fromEntries(
    Object.entries(setup.provider).filter(([name]) => name !== 'promote'),
  ) as unknown as Provider;
  expect(await promoteBranch({ ...setup, provider: unable }, 'fix')).toMatchObject({
    exitCode: 1,
    error: { code: 'PROVIDER_FAILED' },
  });
  const [base] = await setup.provider.list(setup.main);
  if (base === undefined) throw new Error('no base');
  await setup.provider.discard(base);
  expect(await promoteBranch(setup, 'fix')).toMatchObject({ exitCode: 2, error: { code: 'NOT_FOUND' } });
  expect((await discard(setup, made.id)).map((copy) => copy.label)).toEqual(['fix']);
});

test('an interruption while the branch is judged leaves main and the branch as they were', async () => {
  const project = await newProject();
  const setup = await project.setup();
  const made = await branch(setup, { name: 'fix' });
  write(made.path, addAudit);
  const controller = new AbortController();
  const onEvent = (event: Event): void => {
    if (event.type === 'phase:started' && event.phase === 'promote') controller.abort(new Error('stop'));
  };
  const result = await promoteBranch(setup, 'fix', { signal: controller.signal, onEvent });
  expect(result.outcome).toBe('interrupted');
  expect(await labels(setup)).toEqual(['base-of-fix', 'fix']);
  expect(project.read("SELECT count(*) FROM sqlite_schema WHERE name = 'audit'")).toEqual([0]);
});
