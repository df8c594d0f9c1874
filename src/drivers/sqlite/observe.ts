import type { Evidence, StatementEvidence, TableEvidence } from '../../seams/evidence.ts';
import type { Observer } from '../../seams/driver.ts';
import type { Target } from '../../seams/target.ts';
import { openDatabase, type SqliteDatabase } from './client.ts';
import { whenFree } from './busy.ts';
import { compareTable } from './compare.ts';
import { newOrphans, orphans } from './foreign-keys.ts';
import { pairTables, type TablePair } from './pairs.ts';
import { pathOf } from './target.ts';
import type { Setup } from './connection.ts';

/**
 * Watches one migration by holding a snapshot of the branch as it was: the branch is put in WAL mode and attached a
 * second time under the name `before`, in a read transaction that is begun now, while `main` is first read after the
 * migration. One connection then sees both states, and SQL compares them row by row in constant memory.
 */
export async function observeSqlite(branch: Target, setup: Setup | undefined): Promise<Observer> {
  const database = await openBoth(branch, branch, setup, 'WAL');
  return {
    async finish(statements) {
      return evidenceOf(database, statements);
    },
    async [Symbol.asyncDispose]() {
      database.close();
    },
  };
}

/** Compares two files, row by row. */
export async function compareSqlite(before: Target, after: Target, setup: Setup | undefined): Promise<Evidence> {
  const database = await openBoth(before, after, setup);
  try {
    return evidenceOf(database, undefined);
  } finally {
    database.close();
  }
}

/** Opens `after` as `main` with `before` attached, in a read transaction that has read `before` alone. */
async function openBoth(before: Target, after: Target, setup: Setup | undefined, journalMode?: 'WAL'): Promise<SqliteDatabase> {
  const database = await openDatabase(pathOf(after));
  try {
    setup?.(database);
    if (journalMode !== undefined) database.pragma(`journal_mode = ${journalMode}`);
    database.prepare('ATTACH ? AS before').run(pathOf(before));
    database.exec('BEGIN');
    await whenFree(() => database.prepare('SELECT count(*) FROM before.sqlite_schema').get(), { what: 'reading the state before' });
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function evidenceOf(database: SqliteDatabase, statements: readonly StatementEvidence[] | undefined): Evidence {
  const written = writtenTables(statements);
  const tables: TableEvidence[] = [];
  const notes: string[] = [];
  for (const pair of pairTables(database)) {
    if (!worthComparing(pair, written)) continue;
    try {
      tables.push(compareTable(database, pair));
    } catch (error) {
      notes.push(`The rows of ${pair.after?.name ?? pair.before?.name ?? ''} could not be compared: ${error instanceof Error ? error.message : ''}.`);
    }
  }
  // Foreign keys are enforced, or checked by the script itself, wherever the statements are known.
  const integrity = statements === undefined ? newOrphans(orphans(database, 'before'), orphans(database, 'main')) : [];
  return { tables, integrity, ...(notes.length > 0 ? { notes } : {}) };
}

/** Lower-case names of the tables that were written; undefined where that is unknown and all are compared. */
function writtenTables(statements: readonly StatementEvidence[] | undefined): ReadonlySet<string> | undefined {
  if (statements === undefined || statements.some((statement) => statement.writes === undefined)) return undefined;
  return new Set(statements.flatMap((statement) => statement.writes ?? []).map((name) => name.toLowerCase()));
}

function worthComparing(pair: TablePair, written: ReadonlySet<string> | undefined): boolean {
  if (pair.before === undefined || pair.after === undefined || written === undefined) return true;
  return pair.losesColumns || written.has(pair.before.name.toLowerCase()) || written.has(pair.after.name.toLowerCase());
}
