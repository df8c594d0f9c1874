import { beforeAll, describe, expect, test } from 'vitest';
import { normalQuery } from '../../src/drivers/postgres/normal-query.ts';
import { loadParser } from '../../src/drivers/postgres/parser.ts';

beforeAll(loadParser);

describe('a query of another session', () => {
  test.each([
    [
      `SELECT * FROM users WHERE email = 'ann@example.org' AND age > 42`,
      'SELECT * FROM users WHERE email = $1 AND age > $2',
    ],
    [
      `UPDATE t SET a = -1.5e3, b = E'x\\'y', c = B'01', d = $$z$$\n  WHERE id = $2 -- secret`,
      'UPDATE t SET a = -$3, b = $4, c = $5, d = $6 WHERE id = $2',
    ],
    [`ALTER ROLE app PASSWORD 'secret'`, 'ALTER ROLE app PASSWORD $1'],
    [`COMMENT ON TABLE t IS 'secret'`, 'COMMENT ON TABLE t IS $1'],
    [`/* secret */ EXECUTE plan('secret')/* secret */`, 'EXECUTE plan($1)'],
    [`PREPARE x AS SELECT 'secret'`, 'PREPARE x AS SELECT $1'],
    [`CREATE TYPE e AS ENUM ('secret')`, 'CREATE TYPE e AS ENUM ($1)'],
    [
      `CREATE TABLE p PARTITION OF t FOR VALUES FROM ('secret') TO (MAXVALUE)`,
      'CREATE TABLE p PARTITION OF t FOR VALUES FROM ($1) TO (MAXVALUE)',
    ],
    [`DO $x$ BEGIN PERFORM 'secret'; END $x$`, 'DO $1'],
    [`BEGIN; INSERT INTO t VALUES ('secret', U&'secret')`, 'BEGIN; INSERT INTO t VALUES ($1, $2)'],
    [`COPY t FROM PROGRAM 'secret'`, 'COPY t FROM PROGRAM $1'],
    [`SELECT 'größe 😀' AS "Größe"`, 'SELECT $1 AS "Größe"'],
    ['', '…'],
  ])('%s shows no value', (sql, expected) => {
    expect(normalQuery(sql)).toBe(expected);
  });

  test.each([
    [`SELECT * FROM users WHERE email = 'ann@exam`, 'SELECT …'],
    [`INSERT INTO secret VALUES ('a`, 'INSERT INTO …'],
    [`  create unique index concurrently secret on t ('a`, 'create unique index concurrently …'],
    [`SELECT 'it\\'s secret'`, 'SELECT …'],
    ['secret', '…'],
    [`'secret`, '…'],
    ['\0secret', '…'],
  ])('%s, which cannot be read, is cut to its first words', (sql, expected) => {
    expect(normalQuery(sql)).toBe(expected);
  });

  test('is cut where it is long', () => {
    expect(normalQuery(`SELECT ${'a, '.repeat(1000)}b`).length).toBeLessThan(520);
  });
});
