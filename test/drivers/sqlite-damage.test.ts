import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { sqlite } from '../../src/drivers/sqlite.ts';
import { failure, newFile, type SqliteFile } from './fixtures/sqlite-file.ts';

const rows = (table: string): string =>
  `WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO ${table} SELECT i, 's3cret ' || i FROM n`;

/** Overwrites one page of a table's or an index's tree. */
function breakTree(file: SqliteFile, tree: string): void {
  const pages = file.read(
    `SELECT pageno FROM dbstat WHERE name = '${tree}' AND pagetype = 'leaf' ORDER BY pageno`,
  ) as number[];
  const page = pages[Math.floor(pages.length / 2)] ?? 0;
  const bytes = readFileSync(file.path);
  bytes.fill(0xfe, (page - 1) * 4096, page * 4096);
  writeFileSync(file.path, bytes);
}

describe('looking for damage in a SQLite file', () => {
  test.each(['t', 'by_v'])('finds a broken page of %s, and shows no value', async (tree) => {
    const file = newFile(`CREATE TABLE t (id INTEGER PRIMARY KEY, v); CREATE INDEX by_v ON t (v); ${rows('t')}`);
    breakTree(file, tree);
    const damage = await file.driver.damage(file.target);
    expect(damage.length).toBeGreaterThan(0);
    expect(damage.length).toBeLessThanOrEqual(11);
    expect(new Set(damage.map(({ kind }) => kind))).toEqual(new Set(['corruption']));
    expect(JSON.stringify(damage)).not.toContain('s3cret');
  });

  test('looks at the tables that are named, and at no other', async () => {
    const file = newFile(`CREATE TABLE t (id INTEGER PRIMARY KEY, v); CREATE TABLE "o'ther" (a); ${rows('t')}`);
    breakTree(file, 't');
    expect(await file.driver.damage(file.target, ["o'ther"])).toEqual([]);
    expect(await file.driver.damage(file.target, [])).toEqual([]);
    expect(await file.driver.damage(file.target, ["o'ther", 't'])).toMatchObject([{ kind: 'corruption' }]);
  });

  test.each(['by a driver that knows no functions', 'by one that does'])(
    'finds it in a large file, %s',
    async (which) => {
      const file = newFile(
        'CREATE TABLE t (id INTEGER PRIMARY KEY, v); WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 6000) INSERT INTO t SELECT i, zeroblob(3500) FROM n',
      );
      const driver = which === 'by one that does' ? sqlite({ setup: () => {} }) : sqlite();
      expect(await driver.damage(file.target)).toEqual([]);
      breakTree(file, 't');
      expect(await driver.damage(file.target)).toContainEqual(expect.objectContaining({ kind: 'corruption' }));
    },
  );

  test('finds it where the list of tables itself cannot be read', async () => {
    const file = newFile(`CREATE TABLE t (id INTEGER PRIMARY KEY, v); ${rows('t')}`);
    const bytes = readFileSync(file.path);
    bytes.fill(0xfe, 100, 4096);
    writeFileSync(file.path, bytes);
    expect(await file.driver.damage(file.target)).toMatchObject([{ kind: 'corruption' }]);
  });

  test.each(['checked', 'indexed', 'plain'])(
    'finds it without the functions that the schema calls, in the table %s',
    async (table) => {
      const file = newFile(
        `CREATE TABLE checked (id INTEGER PRIMARY KEY, v CHECK (known(v))); CREATE TABLE indexed (id INTEGER PRIMARY KEY, v); CREATE UNIQUE INDEX i ON indexed (known(v), id); CREATE TABLE plain (id INTEGER PRIMARY KEY, v);
       ${['checked', 'indexed', 'plain'].map(rows).join(';')}`,
        { setup: (database) => void database.function('known', { deterministic: true }, (_value: unknown) => 1) },
      );
      const driver = sqlite();
      expect(await driver.damage(file.target)).toEqual([]);
      breakTree(file, table);
      expect((await driver.damage(file.target)).length).toBeGreaterThan(0);
    },
  );

  test('stumbles over it while a migration is observed, and says that main is damaged, not that the migration is wrong', async () => {
    const seed = `CREATE TABLE t (id INTEGER PRIMARY KEY, v); CREATE TABLE u (a); ${rows('t')}`;
    const damaged = {
      code: 'BAD_TARGET',
      message: expect.stringMatching(/^Main itself is damaged, and was before this migration ran: ./),
    };
    const file = newFile(seed);
    breakTree(file, 't');
    await using observer = await file.driver.observe(file.target);
    await observer.begin();
    await expect(observer.finish(undefined)).rejects.toMatchObject(damaged);
    const error = await failure(file.apply('UPDATE t SET v = 1'));
    expect(error).toMatchObject(damaged);
    expect(error.next).toMatch(/integrity_check.*\.recover/);
    expect(`${error.message}${error.next}`).not.toContain('s3cret');
  });

  test('stumbles over it while two files are compared, and does not leave the table out in silence', async () => {
    const [whole, broken] = [0, 1].map(() =>
      newFile(`CREATE TABLE t (id INTEGER PRIMARY KEY, v); CREATE TABLE u (a); ${rows('t')}`),
    );
    if (whole === undefined || broken === undefined) throw new Error('no files');
    breakTree(broken, 't');
    const { tables = [], notes } = await whole.driver.compare(whole.target, broken.target);
    expect(tables.map(({ table }) => table)).toEqual(['u']);
    expect(notes).toEqual(['The rows of t could not be compared: database disk image is malformed.']);
  });
});
