import { readdirSync, readlinkSync } from 'node:fs';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { sqlite, type SqliteDatabase } from '../../src/drivers/sqlite.ts';
import { fingerprint } from '../../src/checksum.ts';
import { failure, newFile, newFolder, recorded, type SqliteFile } from './fixtures/sqlite-file.ts';

const setup = (database: SqliteDatabase): void => {
  database.function('is_mail', { deterministic: true }, (value: unknown) => (String(value).includes('@') ? 1 : 0));
  database.function('domain', { deterministic: true }, (value: unknown) => String(value).split('@')[1] ?? null);
};

const seed = `
  CREATE TABLE checked (id INTEGER PRIMARY KEY, mail TEXT CHECK (is_mail(mail)));
  CREATE TABLE computed (id INTEGER PRIMARY KEY, mail TEXT, domain TEXT AS (domain(mail)) VIRTUAL, kept TEXT AS (domain(mail)) STORED);
  CREATE TABLE indexed (id INTEGER PRIMARY KEY, mail TEXT);
  CREATE UNIQUE INDEX by_domain ON indexed (domain(mail)) WHERE is_mail(mail);
  CREATE TABLE plain (id INTEGER PRIMARY KEY, a TEXT);
  CREATE VIEW domains AS SELECT domain(mail) AS name FROM checked;
  CREATE TRIGGER guard BEFORE INSERT ON plain WHEN is_mail(new.a) BEGIN SELECT raise(ABORT, 'no mail here'); END;
  INSERT INTO checked VALUES (1, 'a@x'); INSERT INTO computed (id, mail) VALUES (1, 'a@x'), (2, 'b@y');
  INSERT INTO indexed VALUES (1, 'a@x'); INSERT INTO plain VALUES (1, 'p');
`;

async function stateOf(file: SqliteFile): Promise<unknown> {
  await using connection = await file.driver.open(file.target);
  const tables = await file.driver.tables(connection);
  return [
    tables,
    [...(await file.driver.contents(connection, tables))],
    fingerprint(await file.driver.schema(connection)),
  ];
}

describe('a database whose schema calls functions of the application', () => {
  test('is migrated, compared and checked with them', async () => {
    const file = newFile(seed, { setup });
    const { evidence, table } = await file.observe(
      "INSERT INTO checked VALUES (2, 'b@y'); UPDATE computed SET mail = 'c@z' WHERE id = 1; DELETE FROM indexed; UPDATE plain SET a = domain('q@r')",
    );
    expect(evidence.notes).toBeUndefined();
    expect(table('computed')).toMatchObject({ rowsGone: 0, valuesChanged: { mail: 1 } });
    expect(table('indexed')).toMatchObject({ rowsGone: 1 });
    expect(file.read('SELECT domain FROM computed ORDER BY id')).toEqual(['z', 'y']);
    expect(file.read('SELECT a FROM plain')).toEqual(['r']);
    expect(await file.driver.damage(file.target)).toEqual([]);
    expect((await failure(file.apply("INSERT INTO checked VALUES (3, 'nobody')"))).message).toBe(
      'CHECK constraint failed: is_mail(mail)',
    );
    expect((await failure(file.apply("INSERT INTO plain VALUES (3, 'x@y')"))).message).toBe('no mail here');
  });

  test('is found damaged where a row breaks its CHECK', async () => {
    const file = newFile(`${seed} PRAGMA ignore_check_constraints = ON; INSERT INTO checked VALUES (9, 'nobody')`, {
      setup,
    });
    expect(await file.driver.damage(file.target)).toEqual([
      { kind: 'constraint', message: 'CHECK constraint failed in checked' },
    ]);
  });

  test('has its functions on the connection that user code gets', async () => {
    const file = newFile(seed, { setup });
    await using connection = await file.driver.open(file.target);
    expect(await connection.query("SELECT domain('a@b') AS d")).toEqual([{ d: 'b' }]);
  });
});

describe('without these functions, a database', () => {
  const bare = async (): Promise<SqliteFile> => {
    const { path, run, read, target } = newFile(seed, { setup });
    const driver = sqlite();
    const empty = newFile('');
    return { ...empty, driver, path, target, run, read };
  };

  test('is read, examined, compared and checked all the same, with the same answers', async () => {
    const file = await bare();
    await file.driver.examine(file.target);
    expect(await stateOf(file)).toEqual(await stateOf({ ...file, driver: sqlite({ setup }) }));
    expect(await file.driver.damage(file.target)).toEqual([]);
    await using observer = await file.driver.observe(file.target);
    await observer.begin();
    file.run(
      "UPDATE computed SET mail = 'c@z' WHERE id = 1; DELETE FROM checked; INSERT INTO indexed VALUES (2, 'no'); UPDATE plain SET a = 'b'",
    );
    const { tables = [], notes } = await observer.finish(undefined);
    expect(notes).toBeUndefined();
    expect(
      Object.fromEntries(tables.map(({ table, rowsGone, valuesChanged }) => [table, [rowsGone, valuesChanged]])),
    ).toEqual({
      checked: [1, {}],
      computed: [0, { mail: 1 }],
      indexed: [0, {}],
      plain: [0, { a: 1 }],
    });
  });

  test('refuses what needs them, naming the function', async () => {
    const file = await bare();
    for (const sql of [
      "INSERT INTO checked VALUES (3, 'a@b')",
      "UPDATE computed SET mail = 'x'",
      'DELETE FROM indexed WHERE id = 1',
      "INSERT INTO plain VALUES (2, 'x')",
    ]) {
      const error = await failure(file.driver.script(sql)(file.target, recorded()));
      expect(error.message).toMatch(/(unknown|no such) function: (is_mail|domain)/);
    }
  });
});

describe('the setup', () => {
  test('that throws leaves nothing open', async () => {
    const file = newFile('CREATE TABLE t (a)');
    const driver = sqlite({
      setup: () => {
        throw new Error('no extension');
      },
    });
    for (let round = 0; round < 3; round += 1)
      expect((await failure(driver.open(file.target))).message).toBe('no extension');
    await using watch = await file.driver.watch?.(file.target);
    const open = readdirSync('/proc/self/fd').filter(
      (descriptor) => linkOf(`/proc/self/fd/${descriptor}`) === file.path,
    );
    expect([watch === undefined, open.length]).toEqual([false, 1]);
  });
});

function linkOf(descriptor: string): string | undefined {
  try {
    return readlinkSync(descriptor);
  } catch {
    return undefined;
  }
}

describe('a collation that is not known', () => {
  test('is said to keep its table from being compared, and nothing else', async () => {
    const path = `${newFolder()}/app.db`;
    const database = new Database(path);
    database.exec(
      "CREATE TABLE t (k TEXT COLLATE NOCASE PRIMARY KEY, v); CREATE TABLE u (a); INSERT INTO t VALUES ('a', 's3cret'); INSERT INTO u VALUES (1)",
    );
    database.unsafeMode();
    database.pragma('writable_schema = ON');
    database.exec("UPDATE sqlite_schema SET sql = replace(sql, 'NOCASE', 'swedish')");
    database.close();
    const driver = sqlite();
    await using observer = await driver.observe(driver.target(path));
    await observer.begin();
    const { tables = [], notes = [] } = await observer.finish(undefined);
    expect(tables.map(({ table }) => table)).toEqual(['u']);
    expect(notes).toEqual(['The rows of t could not be compared: no such collation sequence: swedish.']);
  });
});
