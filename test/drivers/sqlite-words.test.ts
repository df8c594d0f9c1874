import { describe, expect, test } from 'vitest';
import { sqlite, type SqliteDatabase } from '../../src/drivers/sqlite.ts';
import { failure, newFile } from './fixtures/sqlite-file.ts';

const setup = (database: SqliteDatabase): void => {
  database.function('refuse', {}, (value: unknown) => {
    throw new RangeError(`no such mail: ${String(value)}`);
  });
};

const seed = `
  CREATE TABLE people (id INTEGER PRIMARY KEY, mail TEXT);
  INSERT INTO people VALUES (1, 's3cret@example.org'), (2, 's3cret'), (3, 's3cret:col');
  CREATE TABLE unique_mail (mail TEXT UNIQUE COLLATE NOCASE);
  CREATE TABLE strict (n INTEGER) STRICT;
  CREATE TABLE checked (mail TEXT CONSTRAINT short CHECK (length(mail) < 3));
  CREATE TABLE guarded (mail TEXT);
  CREATE TRIGGER literal BEFORE UPDATE ON guarded BEGIN SELECT raise(ABORT, 'it''s not allowed: no mail'); END;
  CREATE TRIGGER computed BEFORE INSERT ON guarded BEGIN SELECT raise(ABORT, new.mail); END;
  CREATE VIRTUAL TABLE words USING fts5(text);
  CREATE VIRTUAL TABLE boxes USING rtree(id, low, high);
`;

describe('the message of a statement that fails', () => {
  test.each([
    [
      'a unique value',
      'INSERT INTO unique_mail SELECT mail FROM people; INSERT INTO unique_mail SELECT upper(mail) FROM people',
      'UNIQUE constraint failed: unique_mail.mail',
    ],
    ['a check', 'INSERT INTO checked SELECT mail FROM people', 'CHECK constraint failed: short'],
    ['a type', 'INSERT INTO strict SELECT mail FROM people', 'cannot store TEXT value in INTEGER column strict.n'],
    ['a key that is no integer', 'INSERT INTO people (id) SELECT mail FROM people', 'datatype mismatch'],
    ['JSON', 'SELECT json(mail) FROM people', 'malformed JSON'],
    [
      'a trigger with words of its own',
      'INSERT INTO guarded SELECT id FROM people WHERE 0; DROP TRIGGER computed; INSERT INTO guarded VALUES (1); UPDATE guarded SET mail = 2',
      "it's not allowed: no mail",
    ],
    [
      'a trigger with a value',
      'INSERT INTO guarded SELECT mail FROM people',
      'A trigger refused it; its message is not shown, because it is made of values.',
    ],
    [
      'a path in JSON',
      "SELECT json_extract('{}', mail) FROM people WHERE id = 2",
      'bad JSON path (the rest may hold values)',
    ],
    ['a path in the script', "SELECT json_extract('{}', 'a[') FROM people", "bad JSON path: 'a['"],
    [
      'a search',
      'SELECT * FROM words WHERE words MATCH (SELECT mail FROM people WHERE id = 3)',
      'no such column (the rest may hold values)',
    ],
    ['a box', 'INSERT INTO boxes VALUES (1, 5, 2)', 'rtree constraint failed (the rest may hold values)'],
    [
      'a function of the application',
      'UPDATE people SET mail = refuse(mail)',
      'A function of the application threw RangeError; its message is not shown, because it may hold values.',
    ],
    [
      'ALTER TABLE',
      'CREATE VIEW v AS SELECT mail FROM people; ALTER TABLE people DROP COLUMN mail',
      'error in view v after drop column: no such column: mail',
    ],
    ['a column that is not there', 'UPDATE people SET male = 1', 'no such column: male'],
  ])('about %s holds no value of the database', async (_, sql, message) => {
    const error = await failure(newFile(seed, { setup }).apply(sql));
    expect(error.message).toBe(message);
    expect(error).toMatchObject({ code: 'STATEMENT_FAILED', details: { where: { line: 1 } } });
    expect(
      `${error.stack} ${JSON.stringify(error)} ${String(error.cause)} ${error.cause instanceof Error ? error.cause.stack : ''}`,
    ).not.toContain('s3cret');
  });
});

describe('the message of an error that code threw', () => {
  const thrownBy = (sql: string): unknown => {
    try {
      newFile(seed).run(sql);
    } catch (error) {
      return error;
    }
    throw new Error(`${sql} went well`);
  };

  test.each([
    [
      'a unique value',
      "INSERT INTO unique_mail VALUES ('s3cret'), ('S3CRET')",
      'UNIQUE constraint failed: unique_mail.mail',
    ],
    [
      'words of a trigger',
      "INSERT INTO guarded VALUES ('s3cret')",
      'A trigger refused it; its message is not shown, because it may be made of values.',
    ],
    ['what is not there', 'SELECT s3cret FROM people', 'no such column: s3cret'],
    [
      'what JSON is not',
      `SELECT json_extract('{}', (SELECT mail FROM people WHERE id = 2))`,
      'bad JSON path (the rest may hold values)',
    ],
    ['a syntax error', 'SELEC 1', 'near "SELEC": syntax error'],
  ])('holds no value: %s', (_about, sql, message) => {
    expect(sqlite().wordsOf(thrownBy(sql))).toBe(message);
  });

  test('is its own where it is no error of the database', () => {
    expect(sqlite().wordsOf(new Error('no column "a" to fill'))).toBe('no column "a" to fill');
    expect(sqlite().wordsOf('gone wrong')).toBe('gone wrong');
  });
});
