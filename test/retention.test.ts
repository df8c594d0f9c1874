import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { up } from '../src/run.ts';
import type { Setup } from '../src/setup.ts';
import { checkpoint, checkpoints } from '../src/verbs/copies.ts';
import { rollback } from '../src/verbs/rollback.ts';
import { newProject, type Project } from './support/project.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

/** Promotes one migration more, by the clock of that moment. */
async function promote(project: Project, setup: Setup, name: string, at: string): Promise<void> {
  vi.setSystemTime(at);
  await project.migration(`${name}_t.sql`, `CREATE TABLE t_${name} (id INTEGER);`);
  expect((await up(setup, { safe: true })).outcome).toBe('promoted');
}

/** What stands a checkpoint before. */
async function kept(setup: Setup): Promise<readonly string[]> {
  return (await checkpoints(setup)).map((copy) => copy.label.replace(/_t$/, '')).sort();
}

test('the checkpoints of the last runs are kept, and those that a person took', async () => {
  const project = await newProject();
  const setup = await project.setup({ keepRuns: 2 });
  await checkpoint(setup, 'mine');
  for (const [at, name] of ['001', '002', '003'].entries())
    await promote(project, setup, name, `2026-01-0${at + 1}T00:00:00Z`);
  expect(await kept(setup)).toEqual(['002', '003', 'mine']);
});

test('a run that is blocked takes no place among those that are kept', async () => {
  const project = await newProject();
  const setup = await project.setup({ keepRuns: 2 });
  for (const name of ['001', '002']) await promote(project, setup, name, '2026-01-01T00:00:00Z');
  await project.migration('003_t.sql', 'DELETE FROM orders;');
  expect((await up(setup, { safe: true })).outcome).toBe('blocked');
  expect(await kept(setup)).toEqual(['001', '002']);
});

test('the last runs are those that were last, whatever the clock says', async () => {
  const project = await newProject();
  const setup = await project.setup({ keepRuns: 2 });
  await promote(project, setup, '001', '2036-01-01T00:00:00Z');
  await promote(project, setup, '002', '2036-01-02T00:00:00Z');
  await promote(project, setup, '003', '2026-01-01T00:00:00Z');
  expect(await kept(setup)).toEqual(['002', '003']);
  await promote(project, setup, '004', '1970-01-01T00:00:00Z');
  expect(await kept(setup)).toEqual(['003', '004']);
  await promote(project, setup, '005', '2026-01-02T00:00:00Z');
  expect(await kept(setup)).toEqual(['004', '005']);
});

test('a rollback does not make the runs before it forgotten', async () => {
  const project = await newProject();
  const setup = await project.setup({ keepRuns: 2 });
  await promote(project, setup, '001', '2036-01-01T00:00:00Z');
  await promote(project, setup, '002', '2026-01-01T00:00:00Z');
  const second = (await checkpoints(setup)).find((copy) => copy.label === '002_t');
  await rollback(setup, second?.id ?? '');
  await promote(project, setup, '003', '2026-01-02T00:00:00Z');
  expect(await kept(setup)).toEqual(['002', '002', '003', `before-rollback-${second?.id}`]);
});
