import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { homeOf } from '../../src/drivers/sqlite/home.ts';
import { newFile } from './fixtures/sqlite-file.ts';

test('the run lock has no journal that a killed process would leave behind', async () => {
  const file = newFile('CREATE TABLE t (a)');
  const holder = { run: 'r', host: 'h', pid: process.pid, since: '' };
  const { signal } = new AbortController();
  await using _lock = await file.driver.lock(file.target, { holder, waitMs: 0, waiting: () => {}, signal });
  const kept = readdirSync(join(dirname(file.path), '.forerun')).toSorted();
  expect(kept).toEqual(['.gitignore', 'lock.db', 'lock.json']);
});

test('the run lock is readable by its owner alone', async () => {
  const file = newFile('CREATE TABLE t (a)');
  const holder = { run: 'r', host: 'h', pid: process.pid, since: '' };
  const { signal } = new AbortController();
  await using _lock = await file.driver.lock(file.target, { holder, waitMs: 0, waiting: () => {}, signal });
  expect((statSync(join(homeOf(file.path), 'lock.db')).mode & 0o777).toString(8)).toBe('600');
});

test('what an earlier holder left half written goes, also where the next one fails', async () => {
  const file = newFile('CREATE TABLE t (a)');
  const home = homeOf(file.path);
  mkdirSync(home);
  for (const name of ['lock.json.1', 'lock.json.99999', 'lock.json.mine']) writeFileSync(join(home, name), '');
  const holder = { run: 'r', host: 'h', pid: process.pid, since: '' };
  const options = { holder, waitMs: 0, waiting: () => {}, signal: new AbortController().signal };
  await (await file.driver.lock(file.target, options))[Symbol.asyncDispose]();
  expect(readdirSync(home).toSorted()).toEqual(['.gitignore', 'lock.db', 'lock.json', 'lock.json.mine']);
});
