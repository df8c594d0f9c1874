import { open, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { claimMain } from '../../src/promotion/claim.ts';
import { up } from '../../src/run.ts';
import { recorded } from '../../src/run-log.ts';
import { branch, branches, checkpoint, checkpoints } from '../../src/verbs/copies.ts';
import { lockMain, newHolder } from '../../src/verbs/lock.ts';
import { previewRollback, rollback } from '../../src/verbs/rollback.ts';
import { status } from '../../src/verbs/status.ts';
import { newProject, type Project } from '../support/project.ts';
import { addAudit, read, refusal } from './shop.ts';

const contents = (project: Project): unknown[] =>
  project.read("SELECT name || email FROM users UNION ALL SELECT id || ':' || total FROM orders");

test.each(['wal', 'delete'] as const)(
  'brings everything back after a DELETE and an UPDATE without WHERE (%s)',
  async (journalMode) => {
    const project = await newProject({ journalMode });
    const setup = await project.setup();
    const before = contents(project);
    const made = await checkpoint(setup, 'safe');
    project.write('DELETE FROM orders WHERE id = 1; UPDATE users SET name = NULLIF(1, 2)');
    const damaged = contents(project);
    const done = await rollback(setup, 'safe');
    expect(contents(project)).toEqual(before);
    expect(done.checkpoint.id).toBe(made.id);
    expect(done.safety).toMatchObject({ label: `before-rollback-${made.id}` });
    expect(done.safety?.run).toBeUndefined();
    expect((await checkpoints(setup)).map((copy) => copy.id)).toEqual([made.id, done.safety?.id]);
    expect(await branches(setup)).toEqual([]);
    await rollback(setup, done.safety?.id ?? '');
    expect(contents(project)).toEqual(damaged);
  },
);

test('a preview tells what would be lost, and changes nothing', async () => {
  const project = await newProject();
  await project.migration('001_audit.sql', addAudit);
  const setup = await project.setup();
  await checkpoint(setup, 'safe');
  await up(setup);
  project.write(
    "INSERT INTO users (email, name) VALUES ('d@example.com', 'D'); UPDATE orders SET total = 0 WHERE id = 1",
  );
  const preview = await previewRollback(setup, 'safe');
  expect(preview.safety).toBeUndefined();
  expect(preview.migrations).toEqual(['001_audit']);
  expect(preview.schema).toEqual([{ object: 'table audit', change: 'added' }]);
  expect(preview.tables).toMatchObject([
    { table: 'orders', rowsBefore: 3, rowsAfter: 3, valuesChanged: { total: 1 } },
    { table: 'users', rowsBefore: 3, rowsAfter: 4, rowsGone: 0 },
  ]);
  expect(project.read('SELECT count(*) FROM users')).toEqual([4]);
  expect(await checkpoints(setup)).toHaveLength(1);
});

test("a run's checkpoint brings its history back, and leaves no unfinished run behind", async () => {
  const project = await newProject();
  await project.migration('001_audit.sql', addAudit);
  const setup = await project.setup();
  const result = await up(setup, { safe: true });
  expect(result.outcome).toBe('promoted');
  const done = await rollback(setup, result.migrations[0]?.checkpoint ?? '');
  expect(done.migrations).toEqual(['001_audit']);
  const after = await status(setup);
  expect(after.pending.map((one) => one.name)).toEqual(['001_audit']);
  expect(after.unfinished).toBeUndefined();
  const again = await up(setup, { safe: true });
  expect(again.outcome).toBe('promoted');
  expect(again.findings.filter((finding) => finding.gate === 'recovery')).toEqual([]);
});

test('a deployer that was alive all the time is refused by its claim, even on a checkpoint of its own', async () => {
  const project = await newProject();
  const setup = await project.setup();
  const { driver, main } = setup;
  let epochs: number[] = [];
  await recorded(setup, 'up', true, {}, async (run) => {
    await claimMain(run);
    await checkpoint(setup, 'claimed');
    await rollback(setup, 'claimed');
    await using connection = await driver.open(main);
    const entry = await driver.journal(connection).read(await driver.identity(main));
    expect(entry).toMatchObject({ phase: 'finished' });
    expect(entry?.run).not.toBe(run.id);
    epochs = [run.epoch, entry?.epoch ?? 0];
    return 'passed';
  });
  expect(epochs[1]).toBe((epochs[0] ?? 0) + 1);
});

test("takes what it takes back off the framework's own record, and puts it back where the restoring fails", async () => {
  const project = await newProject();
  await project.migration('001_audit.sql', addAudit);
  const plain = await project.setup();
  await checkpoint(plain, 'safe');
  await up(plain);
  const told: (readonly string[])[] = [];
  const source = {
    ...plain.source,
    recorded: async () => ['000_ancient', '001_audit'],
    reconcile: async (_main: unknown, applied: readonly string[]) => void told.push(applied),
  };
  const provider = { ...plain.provider, restore: () => Promise.reject(new Error('no')) };
  await expect(rollback({ ...plain, source, provider }, 'safe')).rejects.toThrow('no');
  expect(told).toEqual([['000_ancient'], ['000_ancient', '001_audit']]);
  expect(project.read('SELECT name FROM _schema_history')).toEqual(['001_audit']);
  await rollback({ ...plain, source }, 'safe');
  expect(told[2]).toEqual(['000_ancient']);
});

test('only a checkpoint can be returned to', async () => {
  const project = await newProject();
  const setup = await project.setup();
  await branch(setup, { name: 'premium' });
  expect((await refusal(rollback(setup, 'premium'), 'USAGE')).next).toContain('forerun promote premium');
  await refusal(previewRollback(setup, 'nothing'), 'NOT_FOUND');
  expect(await checkpoints(setup)).toHaveLength(1);
});

test('waits for a deployer, says who it is, and gives up at the limit with main untouched', async () => {
  const project = await newProject();
  const setup = await project.setup({ lockWaitSeconds: 0 });
  await checkpoint(setup, 'safe');
  project.write('DELETE FROM orders');
  await using _lock = await lockMain(setup, newHolder('up'));
  const waiting: unknown[] = [];
  const error = await refusal(rollback(setup, 'safe', { onEvent: (event) => waiting.push(event) }), 'LOCKED');
  expect(error.message).toContain(`process ${process.pid}`);
  expect(waiting).toMatchObject([
    { type: 'lock:waiting', holder: expect.stringContaining(`process ${process.pid}`) as string },
  ]);
  expect(project.read('SELECT count(*) FROM orders')).toEqual([0]);
});

test('an interruption before main is touched leaves main and no scratch copies', async () => {
  const project = await newProject();
  const setup = await project.setup();
  await checkpoint(setup, 'safe');
  project.write('DELETE FROM orders');
  const controller = new AbortController();
  const provider = {
    ...setup.provider,
    async checkpoint(...args: Parameters<typeof setup.provider.checkpoint>) {
      const made = await setup.provider.checkpoint(...args);
      controller.abort(new Error('stop'));
      return made;
    },
  };
  await expect(rollback({ ...setup, provider }, 'safe', { signal: controller.signal })).rejects.toThrow('stop');
  expect(project.read('SELECT count(*) FROM orders')).toEqual([0]);
  expect(await branches(setup)).toEqual([]);
});

test('a main that was emptied gets everything back', async () => {
  const project = await newProject();
  const setup = await project.setup();
  const made = await checkpoint(setup, 'safe');
  project.write('DROP TABLE orders; DROP TABLE users');
  const done = await rollback(setup, made.id);
  expect(done.schema.map((change) => change.change)).toEqual(['removed', 'removed']);
  expect(read(project.path, 'SELECT count(*) FROM orders')).toEqual([3]);
});

/** What a disk or a person does to a checkpoint's file, and what is said of it. */
const damages: readonly (readonly [name: string, spoil: (file: string) => Promise<void>, message: RegExp])[] = [
  ['is empty', (file) => truncate(file, 0), /is damaged: .* has 0 bytes, and had \d+ when it was made/],
  ['lost its end', (file) => truncate(file, 4096), /is damaged: /],
  ['has a page of noise', (file) => fill(file, 4096 * 2, 4096), /is damaged: /],
  ['is noise', (file) => fill(file, 0, 4096 * 2), /is damaged: file is not a database/],
];

test.each(damages)('a checkpoint whose file %s takes no place of main', async (_name, spoil, message) => {
  const project = await newProject();
  const setup = await project.setup();
  const made = await checkpoint(setup, 'safe');
  project.write('DELETE FROM orders WHERE id = 1');
  const before = contents(project);
  await spoil(join(project.root, '.forerun/copies', `${made.id}.db`));
  const error = await refusal(rollback(setup, 'safe'), 'PROVIDER_FAILED');
  expect(error.message).toMatch(message);
  expect(error.message).toContain(made.id);
  expect(error.next).toContain('forerun checkpoints');
  expect(contents(project)).toEqual(before);
  expect(await branches(setup)).toEqual([]);
});

test('rows of a checkpoint that break a rule of their table are no damage', async () => {
  const project = await newProject();
  project.write(`CREATE TABLE rated (stars CHECK (stars < 6)); PRAGMA ignore_check_constraints = ON;
    INSERT INTO rated VALUES (7)`);
  const setup = await project.setup();
  await checkpoint(setup, 'safe');
  project.write('DELETE FROM rated');
  await rollback(setup, 'safe');
  expect(project.read('SELECT stars FROM rated')).toEqual([7]);
});

async function fill(path: string, from: number, bytes: number): Promise<void> {
  await using file = await open(path, 'r+');
  await file.write(Buffer.alloc(bytes, 0xfe), 0, bytes, from);
}
