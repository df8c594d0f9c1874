import { expect, test } from 'vitest';
import { failure, newFile } from './fixtures/sqlite-file.ts';

const seed = `
  CREATE TABLE users (id INTEGER PRIMARY KEY);
  CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id) ON DELETE CASCADE);
  INSERT INTO users VALUES (1), (2); INSERT INTO orders VALUES (1, 1), (2, 2);`;

test('foreign keys that are only checked never cascade, and orphans are refused at the end', async () => {
  const file = newFile(seed, { scriptKeys: 'checked' });
  const error = await failure(file.apply('DELETE FROM users WHERE id = 1'));
  expect(error).toMatchObject({ code: 'INTEGRITY' });
  expect(file.read('SELECT count(*) FROM users')).toEqual([2]);
  await file.apply('DELETE FROM users WHERE id = 1; DELETE FROM orders WHERE user_id = 1');
  expect(file.read('SELECT count(*) FROM orders')).toEqual([1]);
});

test('foreign keys cascade where nothing else is asked for', async () => {
  const file = newFile(seed);
  await file.apply('DELETE FROM users WHERE id = 1');
  expect(file.read('SELECT count(*) FROM orders')).toEqual([1]);
});
