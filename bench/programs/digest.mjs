// Reads every row of a table, and makes its digest, in turn; prints the milliseconds of each.
import Database from 'better-sqlite3';
import { sqlite } from '../../dist/src/drivers/sqlite.js';

const [path, table, rounds] = process.argv.slice(2);
const driver = sqlite();
const connection = await driver.open(driver.target(path));
const columns = (await driver.tables(connection)).filter((one) => one.table === table);
const database = new Database(path);
const select = database.prepare(`SELECT * FROM ${table}`).raw();
const times = { select: [], forerun: [] };
for (let round = 0; round < Number(rounds); round += 1) {
  times.select.push(
    await timed(() => {
      for (const _row of select.iterate());
    }),
  );
  times.forerun.push(await timed(() => driver.contents(connection, columns)));
}
console.log(JSON.stringify(times));

async function timed(step) {
  const start = performance.now();
  await step();
  return performance.now() - start;
}
