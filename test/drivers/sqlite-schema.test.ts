import { describe, expect, test } from 'vitest';
import { normalForm } from '../../src/drivers/sqlite/schema.ts';
import { newFile } from './fixtures/sqlite-file.ts';

async function schemaOf(sql: string): Promise<Record<string, string>> {
  const file = newFile(sql);
  await using connection = await file.driver.open(file.target);
  return Object.fromEntries(await file.driver.schema(connection));
}

describe('the canonical text of a definition', () => {
  test.each([
    [
      'white space and comments',
      'CREATE TABLE t(a INTEGER,b TEXT)',
      'CREATE  TABLE t (\n  a INTEGER, -- first\n  b TEXT /* second */\n)',
    ],
    ['quotes', 'CREATE TABLE t (a, "my col")', 'CREATE TABLE "t" ([a], `my col`)'],
    ['quotes around keywords', 'CREATE TABLE "order" ("group")', 'CREATE TABLE [order] (`group`)'],
    [
      'the order of a column’s constraints, and the case of their keywords',
      "CREATE TABLE `u` (`id` integer not null primary key autoincrement, `name` varchar(255) not null default 'x', `k` text check (`k` in ('a', 'b')) not null, `t` integer unique collate nocase references x (id) on delete set null deferrable initially deferred, foreign key(`t`) references `tags`(`id`) on delete CASCADE)",
      "CREATE TABLE \"u\" (`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL, `name` varchar(255) NOT NULL DEFAULT 'x', `k` text NOT NULL CHECK (`k` in('a' , 'b')), `t` integer UNIQUE COLLATE nocase REFERENCES x (id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED, FOREIGN KEY (`t`) REFERENCES `tags` (`id`) ON DELETE CASCADE)",
    ],
    [
      'where a name of a constraint, a sign and a generated column stand',
      'CREATE TABLE t (a INT CONSTRAINT n NOT NULL ON CONFLICT FAIL DEFAULT -1, b INT UNIQUE GENERATED ALWAYS AS (a + 1) STORED) WITHOUT ROWID',
      'CREATE TABLE t (a INT default -1 constraint n not null on conflict FAIL, b INT generated always as (a + 1) stored unique) without rowid',
    ],
    ['quotes around other letters', 'CREATE TABLE größe (é)', 'CREATE TABLE "größe" ("é")'],
  ])('does not depend on %s', (_, one, other) => {
    expect(normalForm(other)).toBe(normalForm(one));
  });

  test.each([
    ['a string', "CREATE TABLE t (a DEFAULT 'x y')", "CREATE TABLE t (a DEFAULT 'x  y')"],
    ['the case of a string', "CREATE TABLE t (a DEFAULT 'x')", "CREATE TABLE t (a DEFAULT 'X')"],
    ['a name and a value', 'CREATE VIEW v AS SELECT "null" FROM t', 'CREATE VIEW v AS SELECT null FROM t'],
    ['a name with a quote', 'CREATE TABLE "a""b" (c)', 'CREATE TABLE "ab" (c)'],
    ['names that run together', 'CREATE TABLE t ("a b")', 'CREATE TABLE t (a b)'],
    ['a constraint that is not there', 'CREATE TABLE t (a INT NOT NULL UNIQUE)', 'CREATE TABLE t (a INT UNIQUE)'],
    ['whose constraint it is', 'CREATE TABLE t (a NOT NULL, b UNIQUE)', 'CREATE TABLE t (a UNIQUE, b NOT NULL)'],
    [
      'which name a constraint has',
      'CREATE TABLE t (a CONSTRAINT x NOT NULL UNIQUE)',
      'CREATE TABLE t (a NOT NULL CONSTRAINT x UNIQUE)',
    ],
    [
      'the order of defaults, of which the last counts',
      'CREATE TABLE t (a DEFAULT 1 DEFAULT 2)',
      'CREATE TABLE t (a DEFAULT 2 DEFAULT 1)',
    ],
    [
      'what is to become of a row',
      'CREATE TABLE t (a NOT NULL ON CONFLICT FAIL)',
      'CREATE TABLE t (a NOT NULL ON CONFLICT ABORT)',
    ],
    [
      'whose key is deferred',
      'CREATE TABLE t (a REFERENCES x DEFERRABLE REFERENCES y)',
      'CREATE TABLE t (a REFERENCES x REFERENCES y DEFERRABLE)',
    ],
    ['how a key counts', 'CREATE TABLE t (a INTEGER PRIMARY KEY)', 'CREATE TABLE t (a INTEGER PRIMARY KEY DESC)'],
    ['the order of columns', 'CREATE TABLE t (a NOT NULL, b NOT NULL)', 'CREATE TABLE t (b NOT NULL, a NOT NULL)'],
    ['the case of a type', 'CREATE TABLE t (a int)', 'CREATE TABLE t (a INT)'],
    ['a default that is an expression', "CREATE TABLE t (a DEFAULT ('x'))", "CREATE TABLE t (a DEFAULT 'x')"],
    ['the case of a name', 'CREATE TABLE t (a)', 'CREATE TABLE t (A)'],
  ])('tells %s', (_, one, other) => {
    expect(normalForm(other)).not.toBe(normalForm(one));
  });
});

describe('the schema of a SQLite database', () => {
  test('has everything that a migration can make, in order of its key', async () => {
    const schema = await schemaOf(`
      CREATE TABLE b (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT UNIQUE);
      CREATE TABLE a (id TEXT PRIMARY KEY, n INTEGER AS (length(id)) STORED) STRICT, WITHOUT ROWID;
      CREATE INDEX i ON b (a COLLATE NOCASE DESC) WHERE a IS NOT NULL;
      CREATE VIEW v AS SELECT * FROM b;
      CREATE TRIGGER t INSTEAD OF DELETE ON v BEGIN SELECT CASE WHEN old.id = 1 THEN raise(ABORT, ';') END; END;
      CREATE VIRTUAL TABLE f USING fts5(x);
      PRAGMA user_version = 3; PRAGMA application_id = 9;
      INSERT INTO b (a) VALUES ('x'); ANALYZE;
    `);
    expect(Object.keys(schema)).toEqual([
      'index i',
      'setting application_id',
      'setting user_version',
      'table a',
      'table b',
      'table f',
      'trigger t',
      'view v',
    ]);
    expect(schema['setting user_version']).toBe('3');
  });

  test('does not depend on what was there before, on rows, on statistics or on sequences', async () => {
    const tables = 'CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT); CREATE TABLE b (x)';
    const one = await schemaOf(tables);
    expect(
      await schemaOf(
        `CREATE TABLE gone (x); ${tables}; DROP TABLE gone; INSERT INTO a VALUES (7); INSERT INTO b VALUES (1); ANALYZE; VACUUM`,
      ),
    ).toEqual(one);
  });

  test('is the same whether a column was always there or added', async () => {
    expect(
      await schemaOf("CREATE TABLE t (a); ALTER TABLE t ADD COLUMN b TEXT NOT NULL DEFAULT ''; ALTER TABLE t ADD c"),
    ).toEqual(await schemaOf("CREATE TABLE t (a, b TEXT NOT NULL DEFAULT '', c)"));
    expect(await schemaOf('CREATE TABLE t (a, b, c); ALTER TABLE t DROP COLUMN b')).toEqual(
      await schemaOf('CREATE TABLE t (a, c)'),
    );
  });

  test('is the same after a rename, for all that refers to it', async () => {
    const made =
      'CREATE TABLE u (id INTEGER PRIMARY KEY, n); CREATE TABLE o (u REFERENCES u (id)); CREATE INDEX i ON u (n); CREATE VIEW v AS SELECT n FROM u; CREATE TRIGGER t AFTER INSERT ON u BEGIN UPDATE u SET n = 1 WHERE id = new.id; END';
    const renamed =
      'CREATE TABLE x (id INTEGER PRIMARY KEY, m); CREATE TABLE o (u REFERENCES x (id)); CREATE INDEX i ON x (m); CREATE VIEW v AS SELECT m FROM x; CREATE TRIGGER t AFTER INSERT ON x BEGIN UPDATE x SET m = 1 WHERE id = new.id; END; ALTER TABLE x RENAME TO u; ALTER TABLE u RENAME COLUMN m TO n';
    expect(await schemaOf(renamed)).toEqual(await schemaOf(made));
  });
});
