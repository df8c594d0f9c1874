import { stat } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { branch, branches, checkpoint, checkpoints, discard } from '../../src/verbs/copies.ts';
import { up } from '../../src/run.ts';
import { diff } from '../../src/verbs/diff.ts';
import { previewRollback } from '../../src/verbs/rollback.ts';
import { resolveConfig } from '../../src/config.ts';
import { newProject } from '../support/project.ts';
import { addAudit, read, refusal, write } from './shop.ts';

test('a checkpoint by hand holds main as it was and belongs to no run', async () => {
  const project = await newProject();
  const setup = await project.setup();
  const made = await checkpoint(setup, 'before lunch');
  project.write('DELETE FROM orders');
  expect(made).toMatchObject({
    kind: 'checkpoint',
    label: 'before lunch',
    state: 'ready',
    url: `sqlite:${made.path ?? ''}`,
  });
  expect(made.run).toBeUndefined();
  expect(made.bytes).toBeGreaterThan(0);
  expect(read(made.path, 'SELECT count(*) FROM orders')).toEqual([3]);
  expect((await checkpoints(setup)).map((copy) => copy.id)).toEqual([made.id]);
});

test('a checkpoint without a label is called after its time', async () => {
  const project = await newProject();
  expect((await checkpoint(await project.setup())).label).toMatch(/^manual-\d{8}-\d{6}$/);
});

test('a branch of main is made from a checkpoint of main that is called after it', async () => {
  const project = await newProject();
  const setup = await project.setup();
  const made = await branch(setup, { name: 'premium' });
  write(made.path, 'DELETE FROM orders');
  expect(project.read('SELECT count(*) FROM orders')).toEqual([3]);
  const [base] = await checkpoints(setup);
  expect(base).toMatchObject({ label: 'base-of-premium', id: made.parent });
  expect((await branches(setup)).map((copy) => copy.label)).toEqual(['premium']);
});

test('a branch gets its address in the form of main', async () => {
  const project = await newProject();
  const setup = await project.setup({ database: 'sqlite:app.db' });
  const made = await branch(setup);
  expect(made.variable).toBe(`sqlite:${made.path ?? ''}`);
  expect(made.label).toMatch(/^branch-\d{8}-\d{6}-[0-9a-f]{4}$/);
});

test('a branch can be made from a checkpoint or a branch, by label or id, and takes no other copy with it', async () => {
  const project = await newProject();
  const setup = await project.setup();
  const start = await checkpoint(setup, 'start');
  const first = await branch(setup, { from: 'start', name: 'first' });
  write(first.path, "INSERT INTO users (email, name) VALUES ('d@example.com', 'D')");
  const second = await branch(setup, { from: 'first', name: 'second' });
  const third = await branch(setup, { from: start.id, name: 'third' });
  expect([first.parent, second.parent, third.parent]).toEqual([start.id, first.id, start.id]);
  expect(read(second.path, 'SELECT count(*) FROM users')).toEqual([4]);
  expect(read(third.path, 'SELECT count(*) FROM users')).toEqual([3]);
  expect(await checkpoints(setup)).toHaveLength(1);
});

test('a name that is taken, reserved or cannot be typed again is refused before anything is copied', async () => {
  const project = await newProject();
  const setup = await project.setup();
  await branch(setup, { name: 'taken' });
  expect((await refusal(branch(setup, { name: 'taken' }), 'USAGE')).next).toContain('forerun discard taken');
  for (const name of ['main', '', ' x', 'x ', '-x', 'a*', 'a\nb']) {
    await refusal(branch(setup, { name }), 'USAGE');
    await refusal(checkpoint(setup, name), 'USAGE');
  }
  expect(await checkpoints(setup)).toHaveLength(1);
});

test('a copy that is not there is answered with the nearest name', async () => {
  const project = await newProject();
  const setup = await project.setup();
  expect((await refusal(branch(setup, { from: 'x' }), 'NOT_FOUND')).next).toBe('There is none at all.');
  await checkpoint(setup, 'before-lunch');
  const error = await refusal(branch(setup, { from: 'before-lanch' }), 'NOT_FOUND');
  expect(error.message).toBe('There is no checkpoint or branch "before-lanch".');
  expect(error.next).toContain('Did you mean before-lunch?');
});

test('a label that several copies have is refused with their ids', async () => {
  const project = await newProject();
  const setup = await project.setup();
  const twins = [await checkpoint(setup, 'twin'), await checkpoint(setup, 'twin')];
  const error = await refusal(branch(setup, { from: 'twin' }), 'USAGE');
  for (const twin of twins) expect(error.message).toContain(twin.id);
});

test('a database that is not there is named', async () => {
  const project = await newProject();
  const setup = await project.setup({ database: 'absent.db' });
  expect((await refusal(checkpoint(setup), 'BAD_TARGET')).message).toContain('absent.db');
  await refusal(branch(setup), 'BAD_TARGET');
  expect(await checkpoints(setup)).toEqual([]);
});

test('discarding a branch takes the checkpoint that was made for it along, and nothing else', async () => {
  const project = await newProject();
  const setup = await project.setup();
  await checkpoint(setup, 'mine');
  const made = await branch(setup, { name: 'premium' });
  const gone = await discard(setup, 'premium');
  expect(gone.map((copy) => copy.label)).toEqual(['premium', 'base-of-premium']);
  expect((await checkpoints(setup)).map((copy) => copy.label)).toEqual(['mine']);
  await expect(stat(made.path ?? '')).rejects.toThrow('ENOENT');
});

test('the checkpoint of a branch stays as long as another branch was made from it', async () => {
  const project = await newProject();
  const setup = await project.setup();
  const first = await branch(setup, { name: 'first' });
  await branch(setup, { from: first.parent ?? '', name: 'rival' });
  expect((await discard(setup, 'first')).map((copy) => copy.label)).toEqual(['first']);
  expect(await checkpoints(setup)).toHaveLength(1);
});

test('a copy that others were made from is discarded with them or not at all', async () => {
  const project = await newProject();
  const setup = await project.setup();
  await branch(setup, { name: 'parent' });
  await branch(setup, { from: 'parent', name: 'child' });
  await branch(setup, { from: 'child', name: 'grandchild' });
  const error = await refusal(discard(setup, 'parent'), 'USAGE');
  expect(error.message).toContain('(child)');
  expect(error.message).toContain('(grandchild)');
  expect(await branches(setup)).toHaveLength(3);
  const gone = await discard(setup, 'parent', { recursive: true });
  expect(gone.map((copy) => copy.label)).toEqual(['grandchild', 'child', 'parent', 'base-of-parent']);
  expect(await branches(setup)).toEqual([]);
});

test('a pattern matches labels and ids, and a dot in it is a dot', async () => {
  const project = await newProject();
  const setup = await project.setup();
  for (const label of ['v1.a', 'v1.b', 'v1xc', 'other']) await checkpoint(setup, label);
  expect((await discard(setup, 'v1.*')).map((copy) => copy.label).sort()).toEqual(['v1.a', 'v1.b']);
  expect(await discard(setup, 'cp_*')).toHaveLength(2);
  await refusal(discard(setup, 'cp_*'), 'NOT_FOUND');
});

test('discarding a branch takes along what runs on it have kept', async () => {
  const project = await newProject();
  await project.migration('001_audit.sql', addAudit);
  const setup = await project.setup();
  const made = await branch(setup, { name: 'premium' });
  const onBranch = await resolveConfig({ database: made.variable, root: project.root });
  expect((await up(onBranch, { safe: true })).outcome).toBe('promoted');
  const [inner] = await checkpoints(onBranch);
  await stat(inner?.path ?? '');
  await discard(setup, 'premium');
  await expect(stat(inner?.path ?? '')).rejects.toThrow('ENOENT');
});

test('a branch on which a run rehearses at this moment is left to that run', async () => {
  const project = await newProject();
  const setup = await project.setup();
  await using base = await setup.provider.checkpoint(setup.main, { label: 'base' });
  const busy = await setup.provider.branch(base, { label: 'busy', run: 'run-1' });
  expect((await refusal(discard(setup, busy.id), 'USAGE')).message).toContain('run-1');
  await refusal(discard(setup, 'b*y'), 'NOT_FOUND');
  await refusal(discard(setup, 'base', { recursive: true }), 'USAGE');
  expect(await branches(setup)).toHaveLength(1);
});

test('the beginning of an id is enough where it is that of one copy alone', async () => {
  const project = await newProject();
  const setup = await project.setup();
  const first = await checkpoint(setup, 'first');
  const beginning = first.id.slice(0, -2);
  expect((await branch(setup, { from: beginning, name: 'one' })).parent).toBe(first.id);
  const [one] = await branches(setup);
  expect((await diff(setup, beginning, one?.id.slice(0, -1) ?? '')).b.name).toBe('one');
  expect((await previewRollback(setup, beginning)).checkpoint.id).toBe(first.id);
  expect((await refusal(previewRollback(setup, one?.id.slice(0, -1) ?? ''), 'USAGE')).message).toContain(
    'is no checkpoint',
  );
  await refusal(discard(setup, 'cp_'), 'NOT_FOUND');
  const many = [first.id, (await checkpoint(setup, 'second')).id];
  const common = many[0]?.slice(0, 7) ?? '';
  const error = await refusal(discard(setup, common), 'USAGE');
  expect(error.message).toBe(`"${common}" begins the ids of several copies: ${many.join(', ')}.`);
  expect((await discard(setup, one?.id.slice(0, -1) ?? '')).map((copy) => copy.label)).toEqual(['one']);
});
