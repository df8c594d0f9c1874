import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { premium } from './fixtures/umzug/migrations.ts';
import { umzugProject } from './fixtures/umzug/project.ts';
import { own, refusal, safe, type More } from './fixtures/umzug/safe.ts';

test.each([
  ['our connection', {}],
  ['a connection of its own', own],
])('a database that is not there is not made by a safe run (%s)', async (_whose, more: More) => {
  const project = await umzugProject();
  const database = join(project.root, 'ap.db');
  const error = await refusal(safe(project, [premium], { ...more, database }).up({ safe: true }));
  expect(error.code).toBe('BAD_TARGET');
  expect(existsSync(database)).toBe(false);
});

test('a context that is a value is refused with the line to change', async () => {
  const project = await umzugProject();
  expect(() => safe(project, [premium], { context: {} } as unknown as More)).toThrow(
    expect.objectContaining({
      code: 'CONFIG',
      next: expect.stringContaining('context: (target, connection)') as string,
    }),
  );
});
