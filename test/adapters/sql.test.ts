import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sql } from '../../adapters/sql.ts';
import { createUsers, dropUsers, folder, listed, names, put, recorder } from './sql/folder.ts';

describe('the forms of plain SQL migrations', () => {
  it('may all stand in one folder, and are ordered by their numbers', async () => {
    const directory = await folder({
      '10_last.sql': createUsers,
      '9_number.sql': createUsers,
      'V8__versioned.sql': createUsers,
      'U8__versioned.sql': dropUsers,
      '7_pair.up.sql': createUsers,
      '7_pair.down.sql': dropUsers,
      '006_folder/up.sql': createUsers,
      '006_folder/down.sql': dropUsers,
      '5_sections.sql': `-- migrate:up\n${createUsers}-- migrate:down\n${dropUsers}`,
      '20240131120000_stamp.sql': createUsers,
    });
    const expected = [
      '5_sections',
      '006_folder',
      '7_pair',
      'V8__versioned',
      '9_number',
      '10_last',
      '20240131120000_stamp',
    ];
    expect(await names(directory)).toEqual(expected);
  });

  it('order dotted versions part by part, and equal versions by name', async () => {
    const directory = await folder({
      'V1.10__b.sql': createUsers,
      'V1.9__c.sql': createUsers,
      'V2__a.sql': createUsers,
      'V1__x.sql': createUsers,
      'V01__z.sql': createUsers,
      'V1_9_1__d.sql': createUsers,
      '99999999999999999999_b.sql': createUsers,
      '99999999999999999998_z.sql': createUsers,
    });
    const big = ['99999999999999999998_z', '99999999999999999999_b'];
    expect(await names(directory)).toEqual(['V01__z', 'V1__x', 'V1.9__c', 'V1_9_1__d', 'V1.10__b', 'V2__a', ...big]);
  });

  it('give the version as written, and the name without its ending', async () => {
    const directory = await folder({
      '001_a.sql': createUsers,
      'V1.2__b c.sql': createUsers,
      '2_d.up.sql': createUsers,
      '30.up.sql': createUsers,
      '31-e.up.sql': createUsers,
      '2024-01-31-120000_f 1.2/up.sql': createUsers,
    });
    expect((await listed(directory)).map(({ version, name }) => [version, name])).toEqual([
      ['001', '001_a'],
      ['1.2', 'V1.2__b c'],
      ['2', '2_d'],
      ['30', '30'],
      ['31', '31-e'],
      ['2024-01-31-120000', '2024-01-31-120000_f 1.2'],
    ]);
  });

  it.each([
    ['1_a.up.sql', '1_a.down.sql'],
    ['1_a/up.sql', '1_a/down.sql'],
    ['V1__a.sql', 'U1__a.sql'],
    ['V1.0__a.sql', 'U01__another name.sql'],
  ])('take %s for the up and %s for the down', async (up, down) => {
    const directory = await folder({ [up]: createUsers, [down]: dropUsers });
    const { driver, of } = recorder();
    const [migration] = await sql({ directory, driver }).migrations();
    expect(migration).toMatchObject({ file: join(directory, up), downFile: join(directory, down), language: 'sql' });
    expect(migration?.text).toBe(createUsers);
    expect(of(migration?.up)).toEqual({ text: createUsers, file: join(directory, up) });
    expect(of(migration?.down)).toEqual({ text: dropUsers, file: join(directory, down) });
  });

  it.each(['1_a.sql', '1_a.up.sql', '1_a/up.sql', 'V1__a.sql'])('need no down: %s', async (up) => {
    const [migration] = await listed(await folder({ [up]: createUsers }));
    expect(migration?.down).toBeUndefined();
    expect(migration?.downFile).toBeUndefined();
  });

  it('count a down without a statement as none', async () => {
    const directory = await folder({
      '1_a.up.sql': createUsers,
      '1_a.down.sql': '-- cannot be undone\n',
      '2_b.sql': `-- migrate:up\n${createUsers}\n-- migrate:down\n\n`,
    });
    for (const migration of await listed(directory)) {
      expect([migration.down, migration.downFile]).toEqual([undefined, undefined]);
    }
  });

  it('match an undo by name where two migrations share its version', async () => {
    const directory = await folder({ 'V1__a.sql': createUsers, 'V01__b.sql': createUsers, 'U1__b.sql': dropUsers });
    const migrations = await listed(directory);
    expect(migrations.map(({ name, downFile }) => [name, downFile])).toEqual([
      ['V01__b', join(directory, 'U1__b.sql')],
      ['V1__a', undefined],
    ]);
  });

  it('leave two migrations of one version to the plan', async () => {
    expect(await names(await folder({ '1_a.sql': createUsers, '01_b.sql': createUsers }))).toEqual(['01_b', '1_a']);
  });
});

describe('a file with sections', () => {
  it('is run in its parts, whose lines stay those of the file', async () => {
    const text = `-- Adds users.\n\n-- migrate:up\n${createUsers}\n--migrate:down  \n${dropUsers}`;
    const directory = await folder({ '1_a.sql': text.replaceAll('\n', '\r\n') });
    const { driver, of } = recorder();
    const [migration] = await sql({ directory, driver }).migrations();
    const file = join(directory, '1_a.sql');
    expect(migration?.text).toBe(text);
    expect(migration?.downFile).toBeUndefined();
    expect(of(migration?.up)).toEqual({ text: `\n\n\n${createUsers}`, file });
    expect(of(migration?.down)).toEqual({ text: `\n\n\n\n\n\n${dropUsers}`, file });
  });

  it('may have no down, and comments of any kind above its up', async () => {
    const directory = await folder({ 'V1__a.sql': `/* of\n two lines */ -- and more\n-- migrate:up\n${createUsers}` });
    const { driver, of } = recorder();
    const [migration] = await sql({ directory, driver }).migrations();
    expect(of(migration?.up)).toMatchObject({ text: `\n\n\n${createUsers}` });
    expect(migration?.down).toBeUndefined();
  });
});

describe('the checksum of a plain SQL migration', () => {
  const golden = 'sha256:ffd65734c4a4240e5227654bc64fd5ffb4c1c221a7e5d6eab1f01380f65bcaa2';
  const text = '-- ü\nCREATE TABLE users (id INTEGER);\n';

  it.each([
    ['as it is', text],
    ['with CRLF', text.replaceAll('\n', '\r\n')],
    ['with a byte order mark', `\uFEFF${text}`],
    ['with both', `\uFEFF${text.replaceAll('\n', '\r\n')}`],
  ])('is the same for a text %s', async (_, content) => {
    const [migration] = await listed(await folder({ '1_a.sql': content }));
    expect(migration).toMatchObject({ checksum: golden, text });
  });

  it('covers a file with sections whole', async () => {
    const up = `-- migrate:up\n${createUsers}-- migrate:down\n`;
    const [one] = await listed(await folder({ '1_a.sql': `${up}${dropUsers}` }));
    const [other] = await listed(await folder({ '1_a.sql': `${up}DELETE FROM users;\n` }));
    expect(one?.checksum).toBe('sha256:ce1f380b14cba87f777fe417ea796efafb3da68e9bddbb9bafb6b84313f7f55c');
    expect(other?.checksum).not.toBe(one?.checksum);
  });
});

describe('a migration folder', () => {
  it.each(['my migrations', '🚀', `it's "quoted"`, 'ü%20#?*'])('may be called %s', async (name) => {
    const directory = await folder({ '1_a.sql': createUsers, [`2_${name}/up.sql`]: createUsers }, name);
    const [first, second] = await listed(directory);
    expect(first?.file).toBe(join(directory, '1_a.sql'));
    expect(second?.name).toBe(`2_${name}`);
  });

  it('may hold what clearly is no migration', async () => {
    const directory = await folder({
      '1_a.sql': createUsers,
      '.gitkeep': '',
      '.keep': '',
      '.1_b.sql.swp': '',
      README: '',
      'readme.md': '',
      '2_notes.md': '',
      'todo.txt': '',
      '1_a.sql~': '',
      'atlas.sum': '',
      '.git/': '',
      '_archive/0_old.sql': createUsers,
      '3_folder/up.sql': createUsers,
      '3_folder/README.md': '',
    });
    expect(await names(directory)).toEqual(['1_a', '3_folder']);
  });

  it('may be a symbolic link, and may hold some', async () => {
    const directory = await folder({});
    const elsewhere = await folder({ 'a.sql': createUsers, 'b/up.sql': createUsers });
    await symlink(join(elsewhere, 'a.sql'), join(directory, '1_a.sql'));
    await symlink(join(elsewhere, 'b'), join(directory, '2_b'));
    const link = join(await folder({}), 'link');
    await symlink(directory, link);
    expect(await names(link)).toEqual(['1_a', '2_b']);
  });

  it('is read anew at every call', async () => {
    const directory = await folder({ '1_a.sql': createUsers });
    const source = sql({ directory, driver: recorder().driver });
    expect(await source.migrations()).toHaveLength(1);
    await put(directory, { '2_b.sql': createUsers });
    expect(await source.migrations()).toHaveLength(2);
  });
});
