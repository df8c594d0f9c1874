import { defaultLimits } from '../../src/limits.ts';
import { expect, test } from 'vitest';
import { dataPreserved } from '../../src/gates/data-preserved.ts';
import { gate } from '../../src/run.ts';
import { newProject } from '../support/project.ts';

test('a table that is made anew without its index and its trigger is a warning, and passes', async () => {
  const project = await newProject();
  project.write(
    'CREATE INDEX by_total ON orders (total); CREATE TRIGGER told AFTER INSERT ON orders BEGIN SELECT 1; END',
  );
  await project.migration(
    '001_it.sql',
    'CREATE TABLE n (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id), total INTEGER, note TEXT); INSERT INTO n (id, user_id, total) SELECT id, user_id, total FROM orders; DROP TABLE orders; ALTER TABLE n RENAME TO orders;',
  );
  const result = await gate(await project.setup());
  expect(result.outcome).toBe('passed');
  expect(result.findings.filter((finding) => finding.gate === 'objects-kept')).toMatchObject([
    {
      severity: 'warn',
      message: expect.stringContaining('orders was made anew without what it had: index by_total, trigger told.'),
      where: { table: 'orders' },
    },
  ]);
});

test('that rows were told by value alone is said where some are gone', () => {
  const table = {
    table: 'h',
    rowsBefore: 3,
    rowsAfter: 3,
    changed: true,
    rowsGone: 3,
    rowsAdded: 3,
    rowsToldBy: 'value',
  } as const;
  const [finding] = dataPreserved.judge({ tables: [table] }, { name: '001', permits: [], limits: defaultLimits });
  expect(finding).toMatchObject({
    severity: 'block',
    message: expect.stringContaining('h has no primary key, so that rows can only be told by value'),
  });
});
