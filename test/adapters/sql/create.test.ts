import { readFile, readdir, writeFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createSqlMigration } from '../../../adapters/sql.ts';
import { createUsers, dropUsers, failure, folder, listed } from './folder.ts';
import type { Files } from './folder.ts';

const now = new Date('2026-11-20T18:05:09.123Z');

describe('a new plain SQL migration', () => {
  it.each<[string, Files, readonly string[]]>([
    ['sections, in an empty folder', {}, ['20261120180509_add_users.sql']],
    ['numbers', { '001_a.sql': createUsers, '009_b.sql': createUsers }, ['010_add_users.sql']],
    ['numbers that grow wider', { '9_b.sql': createUsers, '10_c.sql': createUsers }, ['11_add_users.sql']],
    ['numbers at the end of their width', { '99_b.sql': createUsers }, ['100_add_users.sql']],
    ['timestamps', { '20240131120000_a.sql': createUsers }, ['20261120180509_add_users.sql']],
    ['timestamps of the same second', { '20261120180509_a.sql': createUsers }, ['20261120180510_add_users.sql']],
    ['timestamps with milliseconds', { '20240131120000000_a.sql': createUsers }, ['20261120180509123_add_users.sql']],
    ['timestamps of minutes', { '202401311200_a.sql': createUsers }, ['202611201805_add_users.sql']],
    ['dates', { '20240131_a.sql': createUsers }, ['20261120_add_users.sql']],
    [
      'dates with dashes',
      { '2024-01-31-120000_a/up.sql': createUsers },
      ['2026-11-20-180509_add_users/down.sql', '2026-11-20-180509_add_users/up.sql'],
    ],
    ['seconds of Unix', { '1700000000_a.sql': createUsers }, ['1795197909_add_users.sql']],
    ['milliseconds of Unix', { '1700000000000_a.sql': createUsers }, ['1795197909123_add_users.sql']],
    ['a V', { 'V1__a.sql': createUsers, 'V2.7__b.sql': createUsers }, ['V3__add_users.sql']],
    ['a V with zeros', { 'V009__a.sql': createUsers }, ['V010__add_users.sql']],
    ['a V with a timestamp', { 'V20240131120000__a.sql': createUsers }, ['V20261120180509__add_users.sql']],
    [
      'a V with its U',
      { 'V1__a.sql': createUsers, 'U1__a.sql': dropUsers },
      ['U2__add_users.sql', 'V2__add_users.sql'],
    ],
    [
      'a pair',
      { '01_a.up.sql': createUsers, '01_a.down.sql': dropUsers },
      ['02_add_users.down.sql', '02_add_users.up.sql'],
    ],
    ['a folder', { '01_a/up.sql': createUsers }, ['02_add_users/down.sql', '02_add_users/up.sql']],
    ['the form of the newest', { '01_a/up.sql': createUsers, 'V2__b.sql': createUsers }, ['V3__add_users.sql']],
    [
      'a form that is there beside problems',
      { '1_a.sql': createUsers, 'x.sql': '', '2_b.sql': '' },
      ['3_add_users.sql'],
    ],
  ])('has the form of those that are there: %s', async (_, files, expected) => {
    const directory = await folder(files);
    const written = await createSqlMigration(directory, 'add users', now);
    expect(written.map((file) => relative(directory, file)).toSorted()).toEqual(expected);
  });

  it.each<[string, Files]>([
    ['sections', {}],
    ['a number', { '1_a.sql': createUsers }],
    ['a number with sections', { '1_a.sql': `-- migrate:up\n${createUsers}` }],
    ['a V', { 'V1__a.sql': createUsers }],
    ['a V with its U', { 'V1__a.sql': createUsers, 'U1__a.sql': dropUsers }],
    ['a pair', { '1_a.up.sql': createUsers }],
    ['a folder', { '1_a/up.sql': createUsers }],
  ])('awaits its statements, and is the last migration once they are there: %s', async (_, files) => {
    const directory = await folder(files);
    const before = await listed(directory);
    const [up = ''] = await createSqlMigration(directory, 'add users', now);
    const error = await failure(listed(directory));
    expect(error.message).toBe(`${up} was created and awaits its statements.`);
    const text = await readFile(up, 'utf8');
    await writeFile(up, text.replace('-- The statements of this migration go here.', 'SELECT 1;'));
    const after = await listed(directory);
    expect(after).toHaveLength(before.length + 1);
    expect(after.at(-1)).toMatchObject({ file: up });
    expect(after.at(-1)?.down).toBeUndefined();
  });

  it('keeps sections where the newest has them, and has a down as soon as it is written', async () => {
    const directory = await folder({ 'V1__a.sql': `-- migrate:up\n${createUsers}` });
    const [file = ''] = await createSqlMigration(directory, 'b', now);
    const text = await readFile(file, 'utf8');
    expect(text).toMatch(/^-- migrate:up\n-- .*\n\n-- migrate:down\n-- .*\n$/);
    await writeFile(file, `${text.replace(/\n--.*\n\n/, '\nSELECT 1;\n')}SELECT 2;\n`);
    expect((await listed(directory)).at(-1)?.down).toBeDefined();
  });

  it.each([
    ['Add Users', 'add_users'],
    ['addUsersTable', 'add_users_table'],
    ['  ../Größe & co.sql  ', 'gro_e_co_sql'],
    ['2fa', '2fa'],
  ])('takes a name that is safe everywhere from %j', async (name, slug) => {
    const [file = ''] = await createSqlMigration(await folder({ '1_a.sql': createUsers }), name, now);
    expect(basename(file)).toBe(`2_${slug}.sql`);
  });

  it.each(['', '  ', '../..', '🚀'])('needs a name: %j', async (name) => {
    const directory = await folder({});
    const error = await failure(createSqlMigration(directory, name, now));
    expect(error.code).toBe('USAGE');
    expect(await readdir(directory)).toEqual([]);
  });

  it('creates the folder, with those above it', async () => {
    const directory = join(await folder({}), 'db', `my "migrations" 🚀`);
    const [file = ''] = await createSqlMigration(directory, 'a', now);
    expect(await readdir(directory)).toEqual([basename(file)]);
  });

  it('is refused where the folder is a file', async () => {
    const file = join(await folder({ '1_a.sql': createUsers }), '1_a.sql');
    const error = await failure(createSqlMigration(file, 'a', now));
    expect(error).toMatchObject({ code: 'CONFIG', message: expect.stringContaining(file) });
  });

  it('never overwrites, and leaves no half of itself', async () => {
    const directory = await folder({ '1_a.up.sql': createUsers, '2_b.down.sql': dropUsers });
    const error = await failure(createSqlMigration(directory, 'b', now));
    expect(error).toMatchObject({ code: 'BAD_MIGRATION', message: expect.stringContaining('2_b.down.sql') });
    expect((await readdir(directory)).toSorted()).toEqual(['1_a.up.sql', '2_b.down.sql']);
    expect(await readFile(join(directory, '2_b.down.sql'), 'utf8')).toBe(dropUsers);
  });
});
