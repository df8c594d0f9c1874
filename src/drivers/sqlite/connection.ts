import type { Connection, Row, Waiting } from '../../seams/driver.ts';
import type { Target } from '../../seams/target.ts';
import { whenFree, type Patience } from './busy.ts';
import { openDatabase, type SqliteDatabase, type SqliteStatement } from './client.ts';
import { pathOf } from './target.ts';

/** Prepares each new connection: registers the application's SQL functions, loads its extensions (collations, modules). */
export type Setup = (database: SqliteDatabase) => void;

export interface SqliteConnection extends Connection {
  readonly client: SqliteDatabase;
}

export async function connect(
  target: Target,
  setup: Setup | undefined,
  waiting?: Waiting,
  givingUp?: AbortSignal,
): Promise<SqliteConnection> {
  const database = await openDatabase(pathOf(target));
  try {
    // The first write to a branch's log would wait until all of the branch, which was just copied, is on the disk.
    if (target.passing) database.pragma('synchronous = OFF');
    setup?.(database);
  } catch (error) {
    database.close();
    throw error;
  }
  return connectionOf(database, waiting, givingUp);
}

/** Makes a connection of a database that is open already; disposing it closes the database. */
export function connectionOf(database: SqliteDatabase, waiting?: Waiting, givingUp?: AbortSignal): SqliteConnection {
  const patience = { what: 'running a query', waiting, givingUp };
  const prepare = remembering(database);
  return {
    client: database,
    query: (sql, params = []) => query(prepare, sql, params, patience),
    rows: (sql, params = []) => rows(database, sql, params, patience),
    async [Symbol.asyncDispose]() {
      database.close();
    },
  };
}

/** Takes main's write lock, waiting without blocking. */
export async function begin(database: SqliteDatabase, patience: Patience): Promise<void> {
  await whenFree(() => database.exec('BEGIN IMMEDIATE'), patience);
}

/** In rollback-journal mode a reader can hold off the last step of a commit; it is tried again until the limit. */
export async function commit(database: SqliteDatabase, patience: Patience): Promise<void> {
  await whenFree(() => database.exec('COMMIT'), patience);
}

export function rollback(database: SqliteDatabase): void {
  if (database.inTransaction) database.exec('ROLLBACK');
}

/** So many statements of one connection are kept ready; SQLite prepares them anew by itself where the schema changed. */
const mostPrepared = 50;

/** Prepares each statement once: for a small migration the same few questions are asked again and again. */
function remembering(database: SqliteDatabase): (sql: string) => SqliteStatement {
  const prepared = new Map<string, SqliteStatement>();
  return (sql) => {
    const known = prepared.get(sql);
    if (known !== undefined) return known;
    const statement = database.prepare(sql);
    if (prepared.size < mostPrepared) prepared.set(sql, statement);
    return statement;
  };
}

async function query(
  prepare: (sql: string) => SqliteStatement,
  sql: string,
  params: readonly unknown[],
  patience: Patience,
): Promise<readonly Row[]> {
  return whenFree(() => {
    const statement = prepare(sql);
    if (statement.reader) return (statement.safeIntegers().all(...params) as RawRow[]).map(readable);
    statement.run(...params);
    return [];
  }, patience);
}

async function* rows(
  database: SqliteDatabase,
  sql: string,
  params: readonly unknown[],
  patience: Patience,
): AsyncIterable<Row> {
  const { first, rest } = await whenFree(() => {
    const iterator = eachRow(database.prepare(sql).safeIntegers(), params);
    return { first: iterator.next(), rest: iterator };
  }, patience);
  if (first.done) return;
  try {
    yield readable(first.value);
    for (const row of rest) yield readable(row);
  } finally {
    rest.return?.();
  }
}

/** Of columns with one name a row would keep the last alone; the others are called `name:1`, `name:2`, as in sqlite3. */
function eachRow(statement: SqliteStatement, params: readonly unknown[]): IterableIterator<RawRow> {
  const names = statement.columns().map(({ name }) => name);
  if (new Set(names).size === names.length) return statement.iterate(...params) as IterableIterator<RawRow>;
  const unique: string[] = [];
  for (const name of names) {
    let other = name;
    for (let at = 1; unique.includes(other) || (other !== name && names.includes(other)); at += 1)
      other = `${name}:${at}`;
    unique.push(other);
  }
  const rows = statement.raw().iterate(...params) as IterableIterator<unknown[]>;
  return named(rows, unique);
}

function* named(rows: IterableIterator<unknown[]>, names: readonly string[]): Generator<RawRow, undefined> {
  for (const row of rows) yield Object.fromEntries(names.map((name, at) => [name, row[at]]));
}

type RawRow = Record<string, unknown>;

/** Integers as numbers, save those that a number cannot hold: they stay bigint rather than become another integer. */
function readable(row: RawRow): Row {
  for (const [name, value] of Object.entries(row)) {
    if (typeof value === 'bigint' && Number.isSafeInteger(Number(value))) row[name] = Number(value);
  }
  return row;
}
