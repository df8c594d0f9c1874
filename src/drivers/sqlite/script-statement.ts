import { setImmediate as turn } from 'node:timers/promises';
import { ForerunError, messageOf } from '../../error.ts';
import type { Attempt } from '../../seams/source.ts';
import { codeOf } from './busy.ts';
import type { SqliteDatabase, SqliteStatement } from './client.ts';
import { damageOf } from './damage.ts';
import { isCorrupt, mainIsDamaged } from './damaged.ts';
import { ownTables } from './names.ts';
import { toldFullDisk } from './full-disk.ts';
import type { KeyCheck } from './foreign-keys.ts';
import { safeWords } from './safe-words.ts';
import type { Script } from './script-plan.ts';
import type { Statement } from './statements.ts';
import { triggered } from './triggered.ts';
import { writesOf } from './writes.ts';

export interface StatementRun {
  readonly attempt: Attempt;
  readonly file: string | undefined;
  /** Present where SQLite does not enforce foreign keys. */
  readonly keys: KeyCheck | undefined;
}

/** Runs one statement of a script and tells the attempt what it did. */
export async function runStatement(
  database: SqliteDatabase,
  script: Script,
  statement: Statement,
  { attempt, file, keys }: StatementRun,
): Promise<void> {
  // Lets signals and messages through between two statements.
  await turn();
  attempt.signal.throwIfAborted();
  const told = attempt.statement !== undefined;
  const { writes, removes } = (told || keys !== undefined ? writesOf(database, statement) : undefined) ?? {};
  refuseOwnTables(statement, file, writes ?? []);
  const known = (table: string): readonly string[] | undefined => columnsOf(database, table);
  const assigns = told ? script.assigns(statement, known) : [];
  const fired = told && statement.kind === 'write' ? triggered(database, firing(writes, assigns), known) : [];
  keys?.before(writes);
  const start = performance.now();
  const rows = execute(database, statement, file);
  attempt.statement?.({
    sql: statement.sql,
    line: statement.line,
    ms: performance.now() - start,
    ...(rows === undefined ? {} : { rows }),
    ...(writes === undefined ? {} : { writes: writes.map((table) => script.lastName(table, statement)) }),
    ...(removes === undefined ? {} : { removes: removes.map((table) => script.lastName(table, statement)) }),
    assigns,
    ...(fired.length === 0 ? {} : { triggered: fired }),
  });
}

/** What a statement writes, and the view that it speaks of. */
function firing(writes: readonly string[] = [], assigns: readonly string[]): ReadonlySet<string> {
  return new Set([...writes, ...assigns.map((name) => name.slice(0, name.lastIndexOf('.')))]);
}

/** A migration that takes the history away leaves a database whose migrations all count as pending. */
function refuseOwnTables(
  { line, index, sql }: Statement,
  file: string | undefined,
  writes: readonly string[] = [],
): void {
  // REINDEX writes every index, and changes nothing.
  const own = /^reindex\b/i.test(sql) ? undefined : writes.find((table) => ownTables.includes(table));
  if (own === undefined) return;
  throw new ForerunError('BAD_MIGRATION', `It writes ${own}, where Forerun keeps what was applied.`, {
    details: { where: { ...(file === undefined ? {} : { file }), line, statement: index, sql } },
    next: 'Leave that to Forerun: see forerun repair and forerun baseline.',
  });
}

function columnsOf(database: SqliteDatabase, table: string): readonly string[] | undefined {
  const names = database.prepare(`SELECT name FROM pragma_table_info(?, 'main')`).raw().all(table) as string[][];
  return names.length === 0 ? undefined : names.flat();
}

/** Rows changed; undefined for a statement that only returns rows, which are read and dropped. */
function execute(database: SqliteDatabase, statement: Statement, file: string | undefined): number | undefined {
  let prepared: SqliteStatement;
  try {
    prepared = database.prepare(statement.sql);
  } catch (error) {
    // It has not run yet: all that SQLite can speak of is the statement and the schema.
    throw failed(statement, file, error, messageOf(error));
  }
  try {
    if (!prepared.reader) return prepared.run().changes;
    let rows = 0;
    for (const _ of prepared.raw().iterate()) rows += 1;
    return statement.kind === 'write' ? rows : undefined;
  } catch (error) {
    if (isCorrupt(error)) {
      const lines = damageOf(database).map(({ message }) => message);
      throw mainIsDamaged(database.name, lines.length > 0 ? lines : [messageOf(error)], error);
    }
    // That says nothing about the migration.
    if (codeOf(error) === 'SQLITE_FULL') throw toldFullDisk(database, error);
    throw failed(statement, file, error, safeWords(error, database, statement.sql));
  }
}

function failed(
  statement: Statement,
  file: string | undefined,
  error: unknown,
  message: string,
): ForerunError<'STATEMENT_FAILED'> {
  const { line, index, sql } = statement;
  const code = codeOf(error);
  return new ForerunError('STATEMENT_FAILED', message, {
    details: {
      where: { ...(file === undefined ? {} : { file }), line, statement: index, sql },
      ...(code === undefined ? {} : { code }),
    },
    // A cause is printed with its message.
    ...(message === messageOf(error) ? { cause: error } : {}),
  });
}
