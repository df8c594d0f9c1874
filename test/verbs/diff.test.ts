import { expect, test } from 'vitest';
import { branch, checkpoint } from '../../src/verbs/copies.ts';
import { diff, type QueryAnswer } from '../../src/verbs/diff.ts';
import { newProject } from '../support/project.ts';
import { addAudit, addPhone, read, refusal, write } from './shop.ts';

function rowsOf(answer: QueryAnswer | undefined): readonly (readonly unknown[])[] {
  if (answer === undefined || 'error' in answer) throw new Error(`no rows: ${JSON.stringify(answer)}`);
  return answer.rows;
}

test('shows what a branch changed: schema, rows, and sizes', async () => {
  const project = await newProject();
  const setup = await project.setup();
  const made = await branch(setup, { name: 'premium' });
  write(made.path, `${addAudit}${addPhone}DELETE FROM orders WHERE id = 3; UPDATE users SET name = 'x' WHERE id < 3`);
  const found = await diff(setup, 'main', 'premium');
  expect(found.a).toEqual({ name: 'main', url: `sqlite:${project.path}` });
  expect(found.b).toEqual({ name: 'premium', id: made.id, url: made.url });
  expect(found.schema.map(({ object, change }) => `${object} ${change}`)).toEqual([
    'table audit added',
    'table users changed',
  ]);
  expect(found.schema[1]?.before).not.toContain('phone');
  expect(found.schema[1]?.after).toContain('phone');
  expect(found.tables).toMatchObject([
    { table: 'orders', rowsGone: 1 },
    { table: 'users', valuesChanged: { name: 2 } },
    { table: 'audit', rowsAfter: 0 },
  ]);
  expect(found.bytes.a).toBeGreaterThan(0);
  expect(found.bytes.b).toBeGreaterThan(found.bytes.a ?? 0);
});

test('compares two copies with each other, the first as the state before', async () => {
  const project = await newProject();
  const setup = await project.setup();
  await checkpoint(setup, 'monday');
  project.write('DELETE FROM orders WHERE id = 3');
  await checkpoint(setup, 'tuesday');
  expect((await diff(setup, 'monday', 'tuesday')).tables).toMatchObject([
    { table: 'orders', rowsBefore: 3, rowsAfter: 2 },
    { changed: false },
  ]);
});

test('two columns of one name are both shown and compared', async () => {
  const project = await newProject();
  const setup = await project.setup();
  const made = await branch(setup, { name: 'premium' });
  write(made.path, 'UPDATE orders SET id = 30 WHERE id = 3');
  const query = 'SELECT o.id, u.id FROM orders o JOIN users u ON u.id = o.user_id ORDER BY o.id DESC LIMIT 1';
  expect((await diff(setup, 'main', 'premium', { query })).query).toMatchObject({
    equal: false,
    a: { columns: ['id', 'id:1'], rows: [[3, 1]] },
    b: { rows: [[30, 1]] },
  });
});

test('puts a query to both and tells whether the answers are equal', async () => {
  const project = await newProject();
  const setup = await project.setup();
  const made = await branch(setup, { name: 'premium' });
  const query = '-- who?\nSELECT id, name FROM users WHERE id < 3 ORDER BY id';
  const same = await diff(setup, 'main', 'premium', { query });
  expect(same.query).toMatchObject({
    sql: query,
    equal: true,
    a: { columns: ['id', 'name'], total: 2, text: 'id\tname\n1\tAlice\n2\tBob' },
  });
  write(made.path, "UPDATE users SET name = 'Bert' WHERE id = 2");
  const other = await diff(setup, 'main', 'premium', { query });
  expect(other.query?.equal).toBe(false);
  expect(rowsOf(other.query?.b)[1]).toEqual([2, 'Bert']);
});

test('shows a hundred rows and compares all of them', async () => {
  const project = await newProject();
  const setup = await project.setup();
  const made = await branch(setup, { name: 'premium' });
  const query =
    'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150) SELECT i, (SELECT count(*) FROM orders) * (i = 150) AS x FROM n';
  const same = await diff(setup, 'main', 'premium', { query });
  expect(same.query?.equal).toBe(true);
  expect(rowsOf(same.query?.a)).toHaveLength(100);
  expect(same.query?.a).toMatchObject({
    total: 150,
    text: expect.stringMatching(/\n… and 50 more rows that are not shown$/) as string,
  });
  write(made.path, 'DELETE FROM orders');
  expect((await diff(setup, 'main', 'premium', { query })).query?.equal).toBe(false);
});

test('shows NULL, blobs with their length, and tells 1 from its text', async () => {
  const project = await newProject();
  const setup = await project.setup();
  await checkpoint(setup, 'same');
  const { query } = await diff(setup, 'main', 'same', { query: "VALUES (NULL, x'0aff', zeroblob(40), 1.5)" });
  expect(rowsOf(query?.a)).toEqual([[null, "x'0aff' (2 bytes)", `x'${'00'.repeat(32)}…' (40 bytes)`, 1.5]]);
  const typed = await branch(setup, { name: 'typed' });
  write(typed.path, 'CREATE TABLE one (v)');
  project.write('CREATE TABLE one (v)');
  write(typed.path, "INSERT INTO one VALUES ('1')");
  project.write('INSERT INTO one VALUES (1)');
  expect((await diff(setup, 'main', 'typed', { query: 'SELECT v FROM one' })).query?.equal).toBe(false);
});

test('a query that fails on one side is an answer, and never equal', async () => {
  const project = await newProject();
  const setup = await project.setup();
  const made = await branch(setup, { name: 'premium' });
  write(made.path, addAudit);
  const { query } = await diff(setup, 'main', 'premium', { query: 'SELECT * FROM audit' });
  expect(query).toMatchObject({ equal: false, a: { error: 'no such table: audit' }, b: { total: 0, rows: [] } });
  expect((await diff(setup, 'main', 'main', { query: 'SELECT * FROM nothing' })).query?.equal).toBe(false);
});

test('a query cannot change either side', async () => {
  const project = await newProject();
  const setup = await project.setup();
  const made = await branch(setup, { name: 'premium' });
  for (const query of [
    'DELETE FROM orders RETURNING id',
    'DELETE FROM orders',
    'SELECT 1; DELETE FROM orders',
    '',
    'PRAGMA user_version = 3',
  ]) {
    await refusal(diff(setup, 'main', 'premium', { query }), 'USAGE');
  }
  const sly = 'WITH gone AS (SELECT id FROM orders) DELETE FROM orders WHERE id IN (SELECT id FROM gone) RETURNING id';
  expect(rowsOf((await diff(setup, 'main', 'premium', { query: sly })).query?.a)).toHaveLength(3);
  expect(project.read('SELECT count(*) FROM orders')).toEqual([3]);
  expect(read(made.path, 'SELECT count(*) FROM orders')).toEqual([3]);
});

test('a name that nothing has is refused', async () => {
  const project = await newProject();
  const setup = await project.setup();
  await refusal(diff(setup, 'main', 'nothing'), 'NOT_FOUND');
});
