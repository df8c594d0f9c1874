import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { newFile } from './fixtures/sqlite-file.ts';

describe('a table that is larger than the memory to be used', () => {
  test('is compared, counted and digested in constant memory, by key, by rowid and by value', async () => {
    const file = newFile(`
      CREATE TABLE keyed (id INTEGER PRIMARY KEY, v TEXT);
      CREATE TABLE loose (a INTEGER, v TEXT);
      WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 70000) INSERT INTO keyed SELECT i, hex(randomblob(400)) FROM n;
      INSERT INTO loose SELECT * FROM keyed;
    `);
    const program = join(import.meta.dirname, 'fixtures', 'large.mjs');
    const answer = JSON.parse(execFileSync(process.execPath, [program, file.path], { encoding: 'utf8' })) as {
      grownMb: number;
      fileMb: number;
      gone: unknown;
    };
    expect(answer.gone).toEqual({ keyed: 1, loose: 1, rebuilt: 1 });
    expect(answer.fileMb).toBeGreaterThan(150);
    // Two page caches of 16 MB, the sorter's, and what Node takes by itself.
    expect(answer.grownMb).toBeLessThan(110);
  });
});
