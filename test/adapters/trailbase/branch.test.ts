import { expect, test } from 'vitest';
import { up } from '../../../src/run.ts';
import { branch } from '../../../src/verbs/copies.ts';
import { promoteBranch } from '../../../src/verbs/promote.ts';
import { status } from '../../../src/verbs/status.ts';
import { newDepot } from '../fixtures/trailbase/depot.ts';
import { ownInMain, startTrail } from '../fixtures/trailbase/trail.ts';

test('a branch that was migrated becomes main, with the rows of TrailBase’s table', async () => {
  const depot = await newDepot();
  const setup = await depot.setup();
  const made = await branch(setup, { name: 'posts' });
  await depot.migration('U1790000000__posts.sql', 'CREATE TABLE posts (id INTEGER PRIMARY KEY) STRICT;\n');
  const onBranch = await depot.setup({}, { database: made.variable });
  expect(await up(onBranch, { safe: true })).toMatchObject({ outcome: 'promoted' });
  const result = await promoteBranch(setup, 'posts');
  expect(result).toMatchObject({
    outcome: 'promoted',
    migrations: [{ name: 'U1790000000__posts', promotion: 'swap' }],
  });
  expect(startTrail(depot, ownInMain)).toEqual({ runs: [], passesOver: [] });
  expect(await status(setup)).toMatchObject({ pending: [], drift: [], applied: [{ name: 'U1790000000__posts' }] });
});

test('one with a migration that names what only TrailBase can answer does not', async () => {
  const depot = await newDepot();
  const setup = await depot.setup();
  const made = await branch(setup, { name: 'people' });
  await depot.migration(
    'U1790000000__people.sql',
    'CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT CHECK (is_email(email))) STRICT;\n',
  );
  const before = depot.history();
  expect(await up(await depot.setup({}, { database: made.variable }), { safe: true })).toMatchObject({
    outcome: 'promoted',
  });
  const result = await promoteBranch(setup, 'people');
  expect(result).toMatchObject({ outcome: 'rolled-back', exitCode: 3 });
  expect(JSON.stringify(result.findings)).toContain('needs is_email()');
  expect(depot.history()).toEqual(before);
});

test('what TrailBase itself applies while it is rehearsed is not applied a second time', async () => {
  const depot = await newDepot();
  await depot.migration('U1790000000__more.sql', 'UPDATE orders SET total = total + 1;\n');
  const setup = await depot.setup({}, { allow: ['values-changed orders.total'] });
  const checksum = (await setup.source.migrations())[0]?.checksum.replace('siphash13:', '');
  const trailRuns = `UPDATE orders SET total = total + 1;
    INSERT INTO _schema_history VALUES (1790000000, 'more', '2026-12-01T00:00:00Z', '${checksum}');`;
  const result = await up(setup, {
    safe: true,
    onEvent: (event) => {
      if (event.type === 'promoting') depot.write(trailRuns);
    },
  });
  expect(result).toMatchObject({ outcome: 'rolled-back', exitCode: 3 });
  expect(JSON.stringify(result.findings)).toContain('TrailBase itself has applied U1790000000__more');
  expect(depot.read('SELECT total FROM orders ORDER BY id')).toEqual([11.5, 21, 31]);
  expect((await up(setup, { safe: true })).outcome).toBe('nothing-pending');
});
