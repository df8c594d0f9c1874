import { rename, rm } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { down, gate, up } from '../../../src/run.ts';
import type { Setup } from '../../../src/setup.ts';
import { baseline, repair } from '../../../src/verbs/history.ts';
import { status } from '../../../src/verbs/status.ts';
import { refusal } from '../../verbs/shop.ts';
import { newDepot, type DepotProject } from '../fixtures/trailbase/depot.ts';
import { ownInMain, startTrail } from '../fixtures/trailbase/trail.ts';

const a = 'CREATE TABLE a (id INTEGER);\n';

async function applied(): Promise<{ readonly depot: DepotProject; readonly setup: Setup; readonly file: string }> {
  const depot = await newDepot();
  const file = await depot.migration('U1790000000__a.sql', a);
  const setup = await depot.setup();
  expect(await up(setup, { safe: true })).toMatchObject({ outcome: 'promoted' });
  return { depot, setup, file };
}

describe('a file that was changed after it was applied', () => {
  test('stops the run with the change, where TrailBase passes over it', async () => {
    const { depot, setup } = await applied();
    await depot.migration('U1790000000__a.sql', `-- why\n${a}`);
    await depot.migration('U1790000001__b.sql', 'CREATE TABLE b (id INTEGER);\n');
    expect(startTrail(depot, ownInMain).passesOver).toEqual(['U1790000000__a.sql']);
    const result = await up(setup, { safe: true });
    expect(result).toMatchObject({ outcome: 'blocked', drift: [{ kind: 'changed', name: 'U1790000000__a' }] });
    expect(result.drift[0]).toMatchObject({ diff: expect.stringContaining('+-- why') as string });
  });

  test('is changed by line ends alone, too: TrailBase hashes every byte', async () => {
    const { depot, setup } = await applied();
    await depot.migration('U1790000000__a.sql', a.replaceAll('\n', '\r\n'));
    expect((await status(setup)).drift).toMatchObject([{ kind: 'changed' }]);
  });

  test('is accepted by a repair, which writes the checksum alone', async () => {
    const { depot, setup } = await applied();
    const before = depot.history();
    await depot.migration('U1790000000__a.sql', `-- why\n${a}`);
    expect(await repair(setup, 'U1790000000__a', 'a comment')).toMatchObject([{ name: 'U1790000000__a' }]);
    const last = before.at(-1)!;
    expect(depot.history()).toEqual([
      ...before.slice(0, -1),
      { ...last, checksum: expect.not.stringContaining(last.checksum) as string },
    ]);
    expect(startTrail(depot, ownInMain)).toEqual({ runs: [], passesOver: [] });
    expect((await status(setup)).drift).toEqual([]);
  });

  test('by another letter is not changed: the letter is no part of it', async () => {
    const { setup, file } = await applied();
    await rename(file, file.replace('U1790000000', 'V1790000000'));
    expect(await status(setup)).toMatchObject({ applied: [{ name: 'V1790000000__a' }], pending: [], drift: [] });
  });

  test('is compared with what TrailBase itself recorded', async () => {
    const depot = await newDepot();
    await depot.migration('U1790000000__a.sql', a);
    depot.write("INSERT INTO _schema_history VALUES (1790000000, 'a', '2021-05-04T03:39:14.5-06:00', '12345')");
    const setup = await depot.setup();
    expect(await status(setup)).toMatchObject({
      applied: [{ name: 'U1790000000__a', appliedOn: '2021-05-04T09:39:14.500Z', checksum: 'siphash13:12345' }],
      drift: [{ kind: 'changed', applied: 'siphash13:12345' }],
    });
    await repair(setup, undefined, 'as it is');
    expect(depot.history().at(-1)).toMatchObject({ applied_on: '2021-05-04T03:39:14.5-06:00' });
    expect((await status(setup)).drift).toEqual([]);
  });
});

describe('a file that is gone', () => {
  test('stops the run, as it stops TrailBase; what Forerun applied cannot be accepted as gone', async () => {
    const { depot, setup, file } = await applied();
    await rm(file);
    expect(startTrail(depot, ownInMain).refuses).toContain('V1790000000__a is missing');
    const result = await up(setup, { safe: true });
    expect(result).toMatchObject({ outcome: 'blocked', drift: [{ kind: 'missing', name: 'V1790000000__a' }] });
    const before = depot.history();
    const { message, next } = await refusal(repair(setup, 'V1790000000__a', 'gone'), 'USAGE');
    expect(message).toContain('TrailBase does not start without it');
    const query = /--query "(.*)"/.exec(next ?? '')?.[1] ?? '';
    expect(depot.read(query)).toEqual([a]);
    expect(depot.history()).toEqual(before);
  });

  test('of a migration that only TrailBase can know of is accepted beside its table, and that is said', async () => {
    const depot = await newDepot();
    depot.write("INSERT INTO _schema_history VALUES (1795000000, 'tomorrow', '2026-12-01T00:00:00Z', '77')");
    await depot.migration('U1796000000__a.sql', a);
    const setup = await depot.setup();
    expect((await status(setup)).drift).toMatchObject([{ kind: 'missing', name: 'V1795000000__tomorrow' }]);
    const before = depot.history();
    await repair(setup, 'V1795000000__tomorrow', "TrailBase's own");
    expect(depot.history()).toEqual(before);
    expect(await status(setup)).toMatchObject({ drift: [], gone: ['V1795000000__tomorrow'], stops: false });
    expect((await status(setup)).notes.join()).toContain('V1795000000__tomorrow was accepted to be gone');
    expect(await up(setup, { safe: true })).toMatchObject({ outcome: 'promoted' });
  });
});

test("a low version without a file is a newer TrailBase's own: it is left, and said", async () => {
  const depot = await newDepot();
  depot.write("INSERT INTO _schema_history VALUES (12, 'tomorrow', '2026-12-01T00:00:00Z', '77')");
  await depot.migration('U1796000000__a.sql', a);
  const setup = await depot.setup();
  expect(await status(setup)).toMatchObject({ applied: [], drift: [] });
  const result = await gate(setup);
  expect(result).toMatchObject({ outcome: 'passed' });
  expect(result.findings).toMatchObject([{ gate: 'trailbase', severity: 'note' }]);
  expect(result.findings[0]?.message).toContain('12__tomorrow');
});

test('a low version that Forerun applied is missed where its file is gone', async () => {
  const depot = await newDepot();
  const file = await depot.migration('U500__a.sql', a);
  const setup = await depot.setup();
  await up(setup, { safe: true });
  await rm(file);
  expect((await status(setup)).drift).toMatchObject([{ kind: 'missing', name: 'V500__a' }]);
});

test('a baseline writes rows that TrailBase takes for its own', async () => {
  const depot = await newDepot();
  await depot.migration('U1790000000__a.sql', a);
  await depot.migration('V1790000001__b.sql', 'CREATE TABLE b (id INTEGER);\n');
  depot.write('CREATE TABLE a (id INTEGER)');
  const setup = await depot.setup();
  expect(await baseline(setup, '1790000000')).toMatchObject([{ name: 'U1790000000__a' }]);
  expect(startTrail(depot, ownInMain)).toEqual({ runs: ['V1790000001__b.sql'], passesOver: [] });
  expect(await up(setup, { safe: true })).toMatchObject({
    outcome: 'promoted',
    migrations: [{ name: 'V1790000001__b' }],
  });
  expect(startTrail(depot, ownInMain)).toEqual({ runs: [], passesOver: [] });
});

test('many migrations may have one name, as TrailBase’s own command gives them', async () => {
  const depot = await newDepot();
  await depot.migration('U1790000000__update.sql', a);
  await depot.migration('U1790000001__update.sql', 'CREATE TABLE b (id INTEGER);\n');
  const setup = await depot.setup();
  expect(await up(setup, { safe: true, step: 1 })).toMatchObject({ outcome: 'promoted' });
  expect((await status(setup)).pending).toEqual([{ version: '1790000001', name: 'U1790000001__update' }]);
  expect(await up(setup, { safe: true })).toMatchObject({ outcome: 'promoted' });
  expect(depot.history().slice(-2)).toMatchObject([{ version: 1790000000 }, { version: 1790000001 }]);
});

test('there is no way down', async () => {
  const { depot, setup } = await applied();
  expect(await down(setup, { safe: true })).toMatchObject({ error: { code: 'BAD_MIGRATION' } });
  expect(depot.history().at(-1)).toMatchObject({ name: 'a' });
});
