import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { sqliteContents } from '../../src/drivers/sqlite/contents.ts';
import { newFile } from './fixtures/sqlite-file.ts';
import { seeded } from './sqlite-scripts.ts';

const of = [{ table: 't', columns: ['a', 'b', 'c'] }];

function digestOf(rows: readonly (readonly unknown[])[]): string {
  const database = new Database(':memory:');
  database.exec('CREATE TABLE t (a, b, c)');
  const insert = database.prepare('INSERT INTO t VALUES (?, ?, ?)');
  for (const row of rows) insert.run(...row);
  const digest = sqliteContents(database, of).get('t')?.digest;
  database.close();
  return digest ?? '';
}

describe('the digest of a table', () => {
  const random = seeded(20_261_120);
  const rows = Array.from({ length: 40 }, (_, at) => [at, `name ${at % 7}`, random(2) === 0 ? null : random(5)]);
  const with2 = (first: number, second: number, change: (one: unknown[], other: unknown[]) => void): unknown[][] => {
    const copy = rows.map((row) => [...row]);
    change(copy[first] ?? [], copy[second] ?? []);
    return copy;
  };

  test('is another one after any small change, and each change has its own', () => {
    const seen = new Map([[digestOf(rows), 'nothing']]);
    for (let round = 0; round < 400; round += 1) {
      const first = random(40);
      const [second, column] = [(first + 1 + random(39)) % 40, random(3)];
      const changed = with2(first, second, (one, other) => {
        if (round % 3 === 0) [one[column], other[column]] = [`${String(other[column])}!${round}`, one[column]];
        else if (round % 3 === 1) one[0] = round * 1000 + 1;
        else one[2] = `${String(one[2])}${'x'.repeat(round)}`;
      });
      const digest = digestOf(changed);
      expect(seen.get(digest), `${round}: ${String(seen.get(digest))}`).toBeUndefined();
      seen.set(digest, String(round));
    }
  });

  test('tells two values that changed places, between rows and between columns', () => {
    const original = digestOf(rows);
    for (let first = 0; first < 40; first += 1) {
      const second = (first * 7 + 3) % 40;
      if (first === second) continue;
      expect(digestOf(with2(first, second, (one, other) => ([one[0], other[0]] = [other[0], one[0]])))).not.toBe(
        original,
      );
      expect(digestOf(with2(first, second, (one) => ([one[0], one[1]] = [one[1], one[0]])))).not.toBe(original);
    }
  });

  test('does not run values together', () => {
    const digests = [
      ['ab', 'c', ''],
      ['a', 'bc', ''],
      ['abc', '', ''],
      ['', 'abc', ''],
      [Buffer.from('ab'), 'c', ''],
      ['ab\u0000c', '', ''],
    ].map((row) => digestOf([row]));
    expect(new Set(digests).size).toBe(digests.length);
  });
});

describe('the tables of a SQLite database', () => {
  test('are listed with the columns that have values of their own', async () => {
    const file = newFile(`
      CREATE TABLE "a b" ("it's" TEXT, "select" INTEGER PRIMARY KEY AUTOINCREMENT);
      CREATE TABLE computed (a, b AS (a + 1) STORED, c AS (a + 2), d);
      CREATE TABLE keyed (a TEXT, b TEXT, PRIMARY KEY (b, a)) WITHOUT ROWID;
      CREATE VIEW v AS SELECT 1;
      INSERT INTO "a b" VALUES ('x', 1); ANALYZE;
    `);
    await using connection = await file.driver.open(file.target);
    const tables = await file.driver.tables(connection);
    expect(tables).toEqual([
      { table: 'a b', columns: ["it's", 'select'] },
      { table: 'computed', columns: ['a', 'd'] },
      { table: 'keyed', columns: ['a', 'b'] },
    ]);
    expect(await file.driver.counts(connection, ['a b', 'keyed'])).toEqual(
      new Map([
        ['a b', 1],
        ['keyed', 0],
      ]),
    );
  });

  test('keep the history in the order of its rows through VACUUM and removals', async () => {
    const file = newFile('CREATE TABLE t (a)');
    await using connection = await file.driver.open(file.target);
    const history = file.driver.history(connection);
    for (const name of ['c', 'a', 'b', 'd'])
      await history.record(
        { version: '1', name, appliedOn: '2026-11-20T10:00:00.000Z', checksum: `sha256:${name}` },
        name,
      );
    await history.remove('a');
    file.run('VACUUM');
    await history.record(
      { version: '1', name: 'c', appliedOn: '2026-11-21T10:00:00.000Z', checksum: 'sha256:c2' },
      'c2',
    );
    await history.record({ version: '1', name: 'a', appliedOn: '2026-11-19T10:00:00.000Z', checksum: 'sha256:a' }, 'a');
    expect((await history.rows()).map(({ name }) => name)).toEqual(['c', 'b', 'd', 'a']);
  });
});
