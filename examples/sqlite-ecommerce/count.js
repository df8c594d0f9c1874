// Prints the tables of a database and how many rows each has: of the branch, under `forerun exec`.
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';

const database = new Database(process.env.DATABASE_URL ?? fileURLToPath(new URL('shop.db', import.meta.url)));
const tables = database
  .prepare(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite%' ORDER BY name",
  )
  .pluck()
  .all();
for (const table of tables)
  console.log(
    table,
    database
      .prepare(`SELECT count(*) FROM "${String(table)}"`)
      .pluck()
      .get(),
  );
