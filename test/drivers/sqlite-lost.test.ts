import { describe, expect, test } from 'vitest';
import { newFile, type FileOptions } from './fixtures/sqlite-file.ts';

const seed = `
  CREATE TABLE users (id INTEGER PRIMARY KEY);
  CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, mail TEXT UNIQUE, age INT CHECK (age > 0), user INT REFERENCES users (id), extra TEXT);
  CREATE INDEX by_age ON t (age);
  CREATE UNIQUE INDEX by_user ON t (user, age);
  CREATE INDEX by_extra ON t (extra);
  CREATE TRIGGER touched AFTER UPDATE ON t BEGIN SELECT 1; END;
  INSERT INTO t (mail, age) VALUES ('a', 1);
`;

const everything =
  'id INTEGER PRIMARY KEY AUTOINCREMENT, mail TEXT UNIQUE, age INT CHECK (age > 0), user INT REFERENCES users (id), extra TEXT';

const rebuild = (definition: string, options = ''): string =>
  `CREATE TABLE n (${definition}) ${options}; INSERT INTO n (id, mail, age) SELECT id, mail, age FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;`;

async function lostBy(sql: string, unseen?: 'unseen', options?: FileOptions): Promise<readonly string[]> {
  const { evidence } = await newFile(seed, options).observe(sql, unseen);
  return (evidence.lost ?? []).map(({ table, what, object }) => `${table}: ${what} ${object}`);
}

const hung = ['t: index by_extra', 't: index by_user', 't: index by_age', 't: trigger touched'];

describe('what a table that is made anew loses', () => {
  test.each(['seen', 'unseen'] as const)(
    'is what DROP TABLE takes along and nobody creates again (%s)',
    async (seen) => {
      const sql = rebuild(`${everything}, more TEXT`);
      expect(await lostBy(sql, seen === 'unseen' ? seen : undefined)).toEqual(hung);
    },
  );

  test('is what hung on the table whose name it takes, also where both are defined alike', async () => {
    const file = newFile(`${seed} CREATE TABLE n (${everything}); INSERT INTO n SELECT * FROM t;`);
    const { evidence } = await file.observe('ALTER TABLE t RENAME TO t_old; ALTER TABLE n RENAME TO t');
    expect((evidence.lost ?? []).map(({ table, what, object }) => `${table}: ${what} ${object}`)).toEqual(hung);
  });

  test('is not what is there again, under another name or by other means', async () => {
    const again = `CREATE INDEX by_extra ON t (extra); CREATE INDEX ages ON t (age); CREATE TRIGGER Touched AFTER UPDATE ON t BEGIN SELECT 2; END; CREATE UNIQUE INDEX mails ON t (mail);`;
    const definition = everything
      .replace('mail TEXT UNIQUE', 'mail TEXT')
      .replace('extra TEXT', 'extra TEXT, UNIQUE (user, age)');
    expect(await lostBy(`${rebuild(definition)} ${again}`)).toEqual([]);
  });

  test('is not what a statement drops by name', async () => {
    const drops = 'DROP INDEX by_age; drop index if exists main."by_user"; DROP INDEX by_extra; DROP TRIGGER touched;';
    expect(await lostBy(`${drops} ${rebuild(everything)}`)).toEqual([]);
  });

  test('is not what stood on a column that is gone', async () => {
    const lost = await lostBy(
      rebuild(
        'id INTEGER PRIMARY KEY AUTOINCREMENT, mail TEXT UNIQUE, user INT REFERENCES users (id), age INT',
      ).replace('CREATE TABLE n', 'DROP TRIGGER touched; CREATE TABLE n'),
    );
    expect(lost).toEqual(['t: index by_user', 't: index by_age', 't: check age > 0']);
  });

  test.each([
    ['', ['t: option the counter of AUTOINCREMENT, so that numbers of deleted rows are given again']],
    [" UPDATE sqlite_sequence SET seq = 7 WHERE name = 't';", []],
  ])('is the counter of AUTOINCREMENT where it falls back (%s)', async (after, expected) => {
    const drops = 'DROP INDEX by_age; DROP INDEX by_user; DROP INDEX by_extra; DROP TRIGGER touched;';
    const file = newFile(`${seed} INSERT INTO t (id) VALUES (7); DELETE FROM t WHERE id = 7;`);
    const { evidence } = await file.observe(`${drops} ${rebuild(everything)}${after}`);
    expect((evidence.lost ?? []).map(({ table, what, object }) => `${table}: ${what} ${object}`)).toEqual(expected);
  });

  test('is every part of its own definition that is left out', async () => {
    expect((await lostBy(rebuild('id INTEGER, mail TEXT, age INT, user INT, extra TEXT'))).slice(4)).toEqual([
      't: primary key id',
      't: unique constraint mail',
      't: foreign key user',
      't: check age > 0',
      't: option AUTOINCREMENT',
    ]);
    const file = newFile('CREATE TABLE s (k TEXT PRIMARY KEY, v INT) STRICT, WITHOUT ROWID');
    const { evidence } = await file.observe(
      'CREATE TABLE n (k TEXT PRIMARY KEY, v INT); INSERT INTO n SELECT * FROM s; DROP TABLE s; ALTER TABLE n RENAME TO s',
    );
    expect(evidence.lost?.map(({ object }) => object)).toEqual(['STRICT', 'WITHOUT ROWID']);
  });

  test.each([
    [
      'nothing where it is altered',
      'ALTER TABLE t ADD COLUMN more; ALTER TABLE t RENAME COLUMN age TO years; ALTER TABLE t RENAME TO u',
    ],
    ['nothing where it is vacuumed', 'DELETE FROM t; VACUUM'],
    ['nothing where indexes alone are dropped', 'DROP INDEX by_age; DROP TRIGGER touched'],
  ])('is %s', async (_what, sql) => {
    expect(await lostBy(sql)).toEqual([]);
    expect(await lostBy(sql, 'unseen')).toEqual([]);
  });
});
