import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { newFile } from './fixtures/sqlite-file.ts';

test('the run lock has no journal that a killed process would leave behind', async () => {
  const file = newFile('CREATE TABLE t (a)');
  const holder = { run: 'r', host: 'h', pid: process.pid, since: '' };
  const { signal } = new AbortController();
  await using _lock = await file.driver.lock(file.target, { holder, waitMs: 0, waiting: () => {}, signal });
  const kept = readdirSync(join(dirname(file.path), '.forerun')).toSorted();
  expect(kept).toEqual(['.gitignore', 'lock.db', 'lock.json']);
});
