import { expect, test } from 'vitest';
import { forerun, forerunJson } from '../support/cli.ts';
import { newProject } from '../support/project.ts';

test.each([
  ['DELETE FROM orders;', ['up', '--safe'], 'blocked', true],
  ['DELETE FROM orders;', ['gate'], 'blocked', true],
  ['CREATE TABLE a (id INTEGER PRIMARY KEY);', ['gate'], 'passed', true],
  ['CREATE TABLE a (id INTEGER PRIMARY KEY);', ['up', '--safe'], 'promoted', undefined],
])('whether a checkpoint is still there is told: %s by %j', async (sql, args, outcome, discarded) => {
  const { root, migration } = await newProject();
  await migration('001_a.sql', sql);
  const result = await forerunJson([...args, '--database', 'app.db'], { cwd: root });
  expect(result.outcome).toBe(outcome);
  const checkpoints = result.copies.filter(({ kind }) => kind === 'checkpoint');
  expect(checkpoints.map((copy) => copy.discarded)).toEqual([discarded]);
  const there = await forerun(['checkpoints', '--quiet', '--database', 'app.db'], { cwd: root });
  expect(there.stdout.includes(checkpoints[0]?.id ?? '')).toBe(discarded === undefined);
});
