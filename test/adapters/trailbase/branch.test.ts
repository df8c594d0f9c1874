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
