import { rmSync } from 'node:fs';
import { sqlite } from '../dist/src/drivers/sqlite.js';
import Database from 'better-sqlite3';
import { newFolder, placeDatabase } from './support/database.ts';
import type { Measured } from './support/result.ts';
import { alternate, bothInWords, timed } from './support/times.ts';

const most = 2;

/** The digest of a table, against reading every row of it. */
export async function digest(): Promise<Measured> {
  const folder = newFolder();
  const path = placeDatabase(folder, '100 MB');
  const driver = sqlite();
  const connection = await driver.open(driver.target(path));
  const tables = (await driver.tables(connection)).filter(({ table }) => table === 'events');
  const database = new Database(path);
  const select = database.prepare('SELECT * FROM events').raw();
  const times = await alternate(7, {
    select: () => timed(async () => readAll(select)),
    forerun: () => timed(() => driver.contents(connection, tables)),
  });
  database.close();
  await connection[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
  const ratio = times.forerun.min / times.select.min;
  return {
    results: [
      {
        measured: 'digest of a table of 100 MB',
        peer: `\`SELECT *\`, rows as arrays ${bothInWords(times.select)}`,
        forerun: bothInWords(times.forerun),
        comparison: `${ratio.toFixed(2)} times`,
        target: `≤ ${most} times`,
        met: ratio <= most,
      },
    ],
  };
}

function readAll(statement: Database.Statement): number {
  let rows = 0;
  for (const _row of statement.iterate()) rows += 1;
  return rows;
}
