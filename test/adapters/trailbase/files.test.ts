import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readName } from '../../../adapters/trailbase/names.ts';
import { up } from '../../../src/run.ts';
import { status } from '../../../src/verbs/status.ts';
import { refusal } from '../../verbs/shop.ts';
import { newDepot, type DepotProject } from '../fixtures/trailbase/depot.ts';

const sql = 'CREATE TABLE a (id INTEGER);\n';

/** What `status` and a run say of the files; the run must have left main alone. */
async function problemOf(depot: DepotProject): Promise<string> {
  const setup = await depot.setup();
  const before = depot.history();
  const { problem, stops } = await status(setup);
  expect(stops).toBe(true);
  const { exitCode, error } = await up(setup, { safe: true });
  expect([exitCode, error?.code]).toEqual([2, 'BAD_MIGRATION']);
  expect(error?.message).toBe(problem?.message);
  expect(error?.next).toBeTruthy();
  expect(depot.history()).toEqual(before);
  return `${error?.message}\n${error?.next}`;
}

describe('a name that TrailBase passes over without an error', () => {
  test.each([
    ['U1__add-users.sql', 'U1__add_users.sql'],
    ['U1__a.b.sql', 'U1__a_b.sql'],
    ['u1__x.sql', 'U1__x.sql'],
    ['U1__x.SQL', 'U1__x.sql'],
    ['U1_x.sql', 'U1__x.sql'],
    ['1__x.sql', 'U1__x.sql'],
    ['V__x.sql', '__x.sql'],
    ['users.sql', '__users.sql'],
  ])('is refused: %s', async (name, proposed) => {
    const depot = await newDepot();
    const file = await depot.migration(name, sql);
    const said = await problemOf(depot);
    expect(said).toContain(file);
    expect(said).toContain('passes over it without an error');
    expect(said).toContain(proposed);
  });

  test('is told of every file at once', async () => {
    const depot = await newDepot();
    await depot.migration('U1__a-b.sql', sql);
    await depot.migration('deeper/U2__a-b.sql', sql);
    expect(await problemOf(depot)).toMatch(/^2 problems/);
  });
});

describe('a name at which TrailBase does not start', () => {
  test.each([
    ['U20240504090241__x.sql', '2147483647'],
    ['U2147483648__x.sql', '2147483647'],
    ['V1.2__x.sql', 'whole number'],
    ['|5__x.sql', 'panic'],
    ['U١__x.sql', 'whole number'],
  ])('is refused: %s', async (name, said) => {
    const depot = await newDepot();
    await depot.migration(name, sql);
    expect(await problemOf(depot)).toContain(said);
  });
});

test.each([
  ['U2147483647__x.sql', { letter: 'U', version: 2147483647, name: 'x' }],
  ['V001__ünï_9.sql', { letter: 'V', version: 1, name: 'ünï_9' }],
  ['U5__a__b.sql', { letter: 'U', version: 5, name: 'a__b' }],
  ['README.md', undefined],
  ['.U1__x.sql.swp', undefined],
  ['U1__x.sql~', undefined],
  ['notes.txt', undefined],
])('%s is read as TrailBase reads it', (name, read) => {
  expect(readName(name)).toEqual(read);
});

describe('a version', () => {
  test.each([
    ['two files', 'U1790000000__a.sql', 'deeper/V1790000000__b.sql'],
    ['two files, one with zeros in front', 'U1790000000__a.sql', 'U01790000000__a.sql'],
  ])('of %s is refused', async (_, first, second) => {
    const depot = await newDepot();
    await depot.migration(first, sql);
    await depot.migration(second, sql);
    expect(await problemOf(depot)).toContain('does not start with both');
  });

  test.each(['U2__my_table.sql', 'U8__other.sql', 'U7__later.sql', 'V1__initial.sql'])(
    'that TrailBase has taken is refused: %s',
    async (name) => {
      const depot = await newDepot();
      await depot.migration(name, sql);
      expect(await problemOf(depot)).toContain("TrailBase's own migration");
    },
  );

  test('of a newer TrailBase’s migration is refused as well', async () => {
    const depot = await newDepot();
    depot.write("INSERT INTO _schema_history VALUES (9, 'tomorrow', '2026-12-01T00:00:00Z', '1')");
    await depot.migration('U9__mine.sql', sql);
    expect(await problemOf(depot)).toContain('under which tomorrow was applied');
  });

  test('that was applied under another name is refused, and the old name told', async () => {
    const depot = await newDepot();
    depot.write("INSERT INTO _schema_history VALUES (1790000000, 'old', '2026-12-01T00:00:00Z', '1')");
    await depot.migration('U1790000000__new.sql', sql);
    const said = await problemOf(depot);
    expect(said).toContain('passes over it without an error');
    expect(said).toContain('U1790000000__old.sql');
  });

  test.each(['V1700000000__late.sql', 'V9__late.sql'])('of a V file that comes late is refused: %s', async (name) => {
    const depot = await newDepot();
    await depot.migration(name, sql);
    const said = await problemOf(depot);
    expect(said).toContain('1785764695');
    expect(said).toContain('begin with U');
  });
});

describe('a text', () => {
  test.each([
    ['BEGIN', `BEGIN;\n${sql}COMMIT;\n`],
    ['COMMIT', `${sql}COMMIT;\n`],
    ['END', `${sql}END;\n`],
    ['ROLLBACK', `${sql}ROLLBACK;\n`],
    ['VACUUM', `${sql}VACUUM;\n`],
  ])('with %s fails in TrailBase, and is refused', async (word, text) => {
    const depot = await newDepot();
    await depot.migration('U1790000000__a.sql', text);
    expect(await problemOf(depot)).toContain(`has ${word}, which fails in TrailBase`);
  });

  test.each(['', '-- new database migration\n'])('without a statement awaits it: %j', async (text) => {
    const depot = await newDepot();
    await depot.migration('U1790000000__a.sql', text);
    expect(await problemOf(depot)).toContain('has no statement');
  });

  test('that was applied by TrailBase stays as it is, whatever it holds', async () => {
    const depot = await newDepot();
    await depot.migration('U1790000000__a.sql', '-- nothing\n');
    depot.write("INSERT INTO _schema_history VALUES (1790000000, 'a', '2026-12-01T00:00:00Z', '6769186180634760760')");
    expect(await status(await depot.setup())).toMatchObject({ applied: [{ name: 'U1790000000__a' }], drift: [] });
  });

  test('that is not UTF-8 is refused', async () => {
    const depot = await newDepot();
    await depot.migration('U1790000000__a.sql', Buffer.from([0x2d, 0x2d, 0xff, 0x0a]));
    expect(await problemOf(depot)).toContain('UTF-8');
  });
});

test('a link to a folder is told, because TrailBase does not look into it; one to a file is followed', async () => {
  const depot = await newDepot();
  const file = await depot.file('elsewhere/U1790000000__a.sql', sql);
  const folder = join(depot.root, 'traildepot/migrations/main');
  await mkdir(folder, { recursive: true });
  await symlink(file, join(folder, 'U1790000001__b.sql'));
  const setup = await depot.setup();
  expect((await setup.source.migrations()).map(({ name }) => name)).toEqual(['U1790000001__b']);
  await symlink(join(depot.root, 'elsewhere'), join(folder, 'linked'));
  expect((await refusal(setup.source.migrations(), 'BAD_MIGRATION')).message).toContain('linked is a link to a folder');
});
