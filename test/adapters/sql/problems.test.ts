import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sql } from '../../../adapters/sql.ts';
import { createUsers, dropUsers, failure, folder, listed, recorder, refusal } from './folder.ts';
import type { Files } from './folder.ts';

describe('a name that fits no form', () => {
  it.each([
    ['add users.sql', '`001_add_users.sql`'],
    ['1-add.sql', '`1_add.sql`'],
    ['001.sql', '`001_name.sql`'],
    ['2024-01-31.sql', '`2024-01-31_name.sql`'],
    ['003_x.SQL', '`003_x.sql`'],
    ['v1__x.sql', '`V1__x.sql`'],
    ['V1_x.sql', '`V1__x.sql`'],
    ['V1.2_x y.sql', '`V1.2__x_y.sql`'],
    ['R__views.sql', '`001_views.sql`'],
    ['add users.up.sql', '`001_add_users.up.sql`'],
    ['foo.Down.sql', '`001_foo.down.sql`'],
    ['_draft.sql', '`001_draft.sql`'],
    ['🚀.sql', '`001_name.sql`'],
    ['1_x\n.sql', '`1_x.sql`'],
    ['archive/001_old.sql', '`001_archive`'],
    ['2024/001_old.sql', '`2024_name`'],
  ])('is refused: %s, and what to call it is said', async (name, better) => {
    const error = await refusal({ '001_good.sql': createUsers, [name]: createUsers });
    expect(error.code).toBe('BAD_MIGRATION');
    expect(error.message).toContain(name.split('/')[0]);
    expect(error.next).toContain(better);
  });

  it.each([
    '001_x.rollback.sql',
    '001.do.x.sql',
    '001_x.Up.sql',
    'x.undo.sql',
    'V1__x.up.sql',
    'V1__x.down.sql',
    'U1__x.y.sql',
    '1.2_x.sql',
    '001_x.sql.txt',
    '001_x.sql.bak',
    '001_x.js',
    'V1__x.ts',
  ])('is refused, and no name is proposed that would run it as an up: %j', async (name) => {
    const error = await refusal({ [name]: createUsers });
    expect(error.message).toContain(name);
    expect(error.next).not.toMatch(/rename it/);
    expect(error.details).toEqual({ where: { file: expect.stringContaining(name) } });
  });
});

describe('migrations whose files do not belong together', () => {
  it.each<[string, Files, RegExp]>([
    ['a down without its up', { '1_a.down.sql': dropUsers }, /1_a\.down\.sql has no `1_a\.up\.sql` beside it/],
    [
      'a down beside a file that is no half',
      { '1_a.down.sql': dropUsers, '1_a.sql': createUsers },
      /has no `1_a\.up\.sql`/,
    ],
    ['a folder with a down only', { '1_a/down.sql': dropUsers }, /1_a has no `up\.sql`/],
    ['an empty folder', { '1_a/': '' }, /1_a has no `up\.sql`/],
    [
      'a folder of Prisma',
      { '20240131120000_a/migration.sql': createUsers },
      /migration\.sql is neither `up\.sql` nor/,
    ],
    [
      'a folder with more in it',
      { '1_a/up.sql': createUsers, '1_a/x.toml': '', '1_a/2_b.sql': '' },
      /2_b\.sql is neither/,
    ],
    ['an up that is a folder', { '1_a/up.sql/x': '' }, /up\.sql is neither|has no `up\.sql`/],
    ['a folder with the name of a file', { '1_a.sql/': '' }, /1_a\.sql is a folder that fits no form/],
    [
      'an undo of two',
      { 'V1__a.sql': createUsers, 'V01__b.sql': createUsers, 'U1__c.sql': dropUsers },
      /U1__c\.sql could undo several files of version 1/,
    ],
    [
      'two undos of one version',
      { 'V1__a.sql': createUsers, 'U1__a.sql': '-- x', 'U1__b.sql': '-- x' },
      /undoes a version that U1__a/,
    ],
    [
      'one name twice',
      { '1_a.sql': createUsers, '1_a.up.sql': createUsers },
      /has the same name in the history, `1_a`/,
    ],
    ['a file and a folder of one name', { '1_a.sql': createUsers, '1_a/up.sql': createUsers }, /1_a` *, as .*1_a\/?/],
    [
      'a down called _down',
      { '1_a.sql': createUsers, '1_a_down.sql': dropUsers },
      /1_a_down\.sql looks like the way back of 1_a\.sql/,
    ],
    [
      'halves called up and down',
      { '1_up.sql': createUsers, '1_down.sql': dropUsers },
      /1_down\.sql looks like the way back of 1_up/,
    ],
  ])('are refused: %s', async (_, files, message) => {
    const error = await refusal(files);
    expect(error.code).toBe('BAD_MIGRATION');
    expect(error.message).toMatch(message);
    expect(error.next).toBeTruthy();
  });

  it('are refused where an undo has nothing to undo, with both meanings of a U file', async () => {
    const error = await refusal({ 'U2__a.sql': dropUsers, 'V1__a.sql': createUsers });
    expect(error.message).toMatch(/U2__a\.sql has no `V2__….sql` beside it/);
    expect(error.message).toMatch(/Flyway, the way back of the V file.*TrailBase, U and V files are both ups/);
    expect(error.next).toContain('rename it to `V2__a.sql`');
  });

  it('are not suspected for their names alone', async () => {
    expect(await listed(await folder({ '1_scale.sql': createUsers, '2_scale_down.sql': createUsers }))).toHaveLength(2);
  });
});

describe('a folder with several problems', () => {
  it('has them all in one error, in order, with what to do about each', async () => {
    const directory = await folder({
      '1_good.sql': createUsers,
      '2_empty.sql': '',
      '3-x.sql': createUsers,
      '4_x.up.sql': `-- migrate:up\n${createUsers}`,
      '4_x.down.sql': Buffer.from([0xff]),
      'a.sql': createUsers,
    });
    const error = await failure(listed(directory));
    expect(error.message.split('\n')).toEqual([
      `5 problems in the migrations of ${directory}:`,
      '- 2_empty.sql has no statement.',
      '- 3-x.sql fits no form of a migration.',
      '- 4_x.down.sql:1 is not valid UTF-8 at byte offset 0.',
      '- 4_x.up.sql:1 has a section marker, and its name says already which way it goes.',
      '- a.sql fits no form of a migration.',
    ]);
    expect(error.next?.split('\n')).toHaveLength(5);
    expect(error.details).toEqual({ where: { file: join(directory, '2_empty.sql') } });
  });
});

describe('a migration folder that cannot be listed', () => {
  it('is named by its absolute path, with what to do', async () => {
    const missing = join(await folder({}), 'missing');
    const error = await failure(listed(missing));
    expect(error).toMatchObject({ code: 'CONFIG', message: `The migration folder ${missing} does not exist.` });
    expect(error.next).toContain('Create it');
  });

  it('is refused where it is a file', async () => {
    const file = join(await folder({ '1_a.sql': createUsers }), '1_a.sql');
    expect((await failure(listed(file))).message).toBe(`The migration folder ${file} is not a folder.`);
  });

  it('is looked for in the working directory of the time when the source was made', async () => {
    const parent = await mkdtemp(join(tmpdir(), 'forerun-sql-'));
    const before = process.cwd();
    onTestFinished(async () => {
      process.chdir(before);
      await rm(parent, { recursive: true, force: true });
    });
    await writeFile(join(parent, '1_a.sql'), createUsers);
    process.chdir(parent);
    const source = sql({ directory: '.', driver: recorder().driver });
    process.chdir(before);
    expect(await source.migrations()).toHaveLength(1);
  });
});
