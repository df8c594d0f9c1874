import Database from 'better-sqlite3';
import { statementsOf } from '../../src/drivers/sqlite/statements.ts';
import { quoteIdentifier } from '../../src/drivers/sqlite/tokens.ts';

/** What a script leaves in a database. */
export interface State {
  readonly schema: readonly unknown[];
  readonly rows: readonly unknown[];
  readonly inTransaction: boolean;
  readonly error: string | undefined;
}

/** SQLite itself decides where statements end. */
export function asAWhole(script: string): State {
  return stateAfter((database) => database.exec(script));
}

/** We do; SQLite refuses a text of more than one statement. */
export function oneByOne(script: string): State {
  return stateAfter((database) => {
    for (const { sql } of statementsOf(script)) {
      database.prepare(sql);
      database.exec(sql);
    }
  });
}

/** Tables t and new, alike, and a trigger for each column of t that notes in `seen` that the column was assigned. */
export function forAssignments(): Database.Database {
  const database = new Database(':memory:');
  database.exec(`
  CREATE TABLE t(id INTEGER PRIMARY KEY, a UNIQUE, b, c, "from" DEFAULT 0, "größe;" DEFAULT 0);
  CREATE TABLE new(id INTEGER PRIMARY KEY, a, b, c, "from", "größe;");
  CREATE TABLE [my table](id, "it's", [set]);
  CREATE TABLE old(id, a, b, c);
  CREATE TABLE seen(name);
  INSERT INTO t(id, a, b, c) VALUES (1, 1, 20, 30), (2, 2, 21, 31);
`);
  for (const column of ['id', 'a', 'b', 'c', 'from', 'größe;']) {
    const name = `"${column}"`;
    database.exec(
      `CREATE TRIGGER "on ${column}" AFTER UPDATE OF ${name} ON t BEGIN INSERT INTO seen VALUES ('${column}'); END`,
    );
  }
  return database;
}

/** SQLite fires UPDATE OF triggers for the columns that stand behind SET, whether their values change or not. */
export function triggersFired(database: Database.Database, sql: string): ReadonlySet<string> {
  database.exec('BEGIN');
  try {
    database.exec(sql);
    return new Set(database.prepare('SELECT name FROM seen').pluck().all() as string[]);
  } finally {
    database.exec('ROLLBACK');
  }
}

/** Which of the columns have other values in `new`, once the statement has run, than in `t`. */
export function differences(database: Database.Database, sql: string, copied: readonly string[]): readonly string[] {
  database.exec('BEGIN');
  try {
    database.exec(sql);
    const valuesOf = (table: string, column: string): unknown =>
      database.prepare(`SELECT ${column} FROM ${table} ORDER BY rowid`).all();
    return copied.filter((column) => JSON.stringify(valuesOf('new', column)) !== JSON.stringify(valuesOf('t', column)));
  } finally {
    database.exec('ROLLBACK');
  }
}

function stateAfter(run: (database: Database.Database) => void): State {
  const database = new Database(':memory:');
  try {
    const error = caught(() => run(database));
    const schema = database
      .prepare(
        'SELECT type, name, tbl_name, sql FROM sqlite_schema UNION ALL SELECT type, name, tbl_name, sql FROM sqlite_temp_schema',
      )
      .all();
    const tables = (schema as { type: string; name: string }[]).filter((object) => object.type === 'table');
    const rows = tables.map((table) =>
      database
        .prepare(`SELECT * FROM ${quoteIdentifier(table.name)}`)
        .raw()
        .all(),
    );
    return { schema, rows: [...rows, database.pragma('user_version')], inTransaction: database.inTransaction, error };
  } finally {
    database.close();
  }
}

/** A text cut before its semicolon is "incomplete" to SQLite where, with it, the semicolon is the error. */
function caught(run: () => void): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return String(error).replace('near ";": syntax error', 'incomplete input');
  }
}
