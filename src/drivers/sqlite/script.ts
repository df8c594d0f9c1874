import { setImmediate as turn } from 'node:timers/promises';
import { ForerunError, messageOf } from '../../error.ts';
import type { Apply, Attempt } from '../../seams/source.ts';
import type { Target } from '../../seams/target.ts';
import { codeOf } from './busy.ts';
import type { SqliteDatabase } from './client.ts';
import type { SqliteConnection } from './connection.ts';
import { foreignKeysMustBeOff, newOrphans, orphans, type Orphans } from './foreign-keys.ts';
import { readScript, type Script } from './script-plan.ts';
import type { Statement } from './statements.ts';
import { inTransaction } from './transaction.ts';
import { writesOf } from './writes.ts';

/** Opens a connection that is prepared as the configuration says. */
export type Open = (target: Target) => Promise<SqliteConnection>;

/**
 * Runs a script statement by statement, in one transaction of ours. Its own BEGIN and COMMIT are left out, and said so.
 * A script with a statement that SQLite refuses inside a transaction (VACUUM) runs without one.
 */
export function sqliteScript(sql: string, file: string | undefined, open: Open): Apply {
  return async (target, attempt) => {
    const script = readScript(sql, file);
    await using connection = await open(target);
    for (const note of script.notes) attempt.note(note);
    if (script.standalone) await runAlone(connection, script, attempt, file);
    else await runTogether(connection, script, attempt, file);
  };
}

async function runTogether(connection: SqliteConnection, script: Script, attempt: Attempt, file: string | undefined): Promise<void> {
  const database = connection.client;
  const enforce = !script.foreignKeysOff && !foreignKeysMustBeOff(database, script.statements);
  if (!enforce) attempt.note('Foreign keys were not enforced while it ran (a referenced table is dropped or rebuilt); they were checked before its commit.');
  await inTransaction(
    connection,
    attempt,
    async () => {
      const before = enforce ? undefined : orphans(database);
      for (const statement of script.statements) await runStatement(database, script, statement, attempt, file);
      if (before !== undefined) refuseNewOrphans(database, before);
    },
    { foreignKeys: enforce },
  );
}

async function runAlone(connection: SqliteConnection, script: Script, attempt: Attempt, file: string | undefined): Promise<void> {
  for (const statement of script.all) await runStatement(connection.client, script, statement, attempt, file);
}

async function runStatement(
  database: SqliteDatabase,
  script: Script,
  statement: Statement,
  attempt: Attempt,
  file: string | undefined,
): Promise<void> {
  // Lets signals and messages through between two statements.
  await turn();
  attempt.signal.throwIfAborted();
  const writes = writesOf(database, statement.sql);
  const assigns = script.assigns(statement, (table) => columnsOf(database, table));
  const start = performance.now();
  const rows = execute(database, statement, file);
  attempt.statement({
    sql: statement.sql,
    line: statement.line,
    ms: performance.now() - start,
    ...(rows === undefined ? {} : { rows }),
    ...(writes === undefined ? {} : { writes }),
    assigns,
  });
}

function columnsOf(database: SqliteDatabase, table: string): readonly string[] | undefined {
  const names = database.prepare(`SELECT name FROM pragma_table_info(?, 'main')`).raw().all(table) as string[][];
  return names.length === 0 ? undefined : names.flat();
}

/** Rows changed; undefined for a statement that returns rows, which are read and dropped. */
function execute(database: SqliteDatabase, statement: Statement, file: string | undefined): number | undefined {
  try {
    const prepared = database.prepare(statement.sql);
    if (!prepared.reader) return prepared.run().changes;
    const rows = prepared.raw().iterate();
    while (!rows.next().done);
    return undefined;
  } catch (error) {
    const code = codeOf(error);
    throw new ForerunError('STATEMENT_FAILED', messageOf(error), {
      details: {
        where: {
          ...(file === undefined ? {} : { file }),
          line: statement.line,
          statement: statement.index,
          sql: statement.sql,
        },
        ...(code === undefined ? {} : { code }),
      },
      cause: error,
    });
  }
}

function refuseNewOrphans(database: SqliteDatabase, before: Orphans): void {
  const violations = newOrphans(before, orphans(database));
  if (violations.length === 0) return;
  throw new ForerunError('INTEGRITY', violations.map((violation) => violation.message).join(' '), { details: { violations } });
}
