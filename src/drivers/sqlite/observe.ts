import { realpathSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { ForerunError } from '../../error.ts';
import type { Evidence, StatementEvidence, TableEvidence, Violation } from '../../seams/evidence.ts';
import type { Observer } from '../../seams/driver.ts';
import type { Target } from '../../seams/target.ts';
import { codeOf, whenFree } from './busy.ts';
import type { SqliteDatabase } from './client.ts';
import { compareTable } from './compare.ts';
import { connect, rollback, type Setup } from './connection.ts';
import { descriptorOpenedBy } from './descriptor.ts';
import { lostObjects } from './lost.ts';
import { damagedBefore, isCorrupt } from './damaged.ts';
import { inNewNames, newOrphans, noOrphans, orphansOf, tablesWithKeys } from './orphans.ts';
import { watchPages, type PageWatch } from './page-watch.ts';
import { pairTables, type TablePair } from './pairs.ts';
import { renamesIn } from './renames.ts';
import { safeWords } from './safe-words.ts';
import { nothingKnown, type Known } from './states.ts';
import { pathOf } from './target.ts';
import { shorten } from './wal.ts';

/**
 * Watches migrations by holding a snapshot of the branch as it was: the branch is put in WAL mode and attached a second
 * time under the name `before`, in a read transaction that is begun before the migration, while `main` is first read
 * after it. One connection then sees both states, and SQL compares them row by row in constant memory.
 */
export async function observeSqlite(
  branch: Target,
  setup: Setup | undefined,
  leftOut: readonly string[],
): Promise<Observer> {
  const { database, pages } = await openBoth(branch, branch, setup, true);
  const file = nothingKnown(leftOut);
  const known = { before: file, after: file };
  return {
    async begin() {
      rollback(database);
      shorten(database);
      const read = (): Promise<void> => readBefore(database);
      await (pages === undefined ? read() : pages.begin(read));
    },
    async finish(statements) {
      try {
        pages?.end();
        return await evidenceOf(database, known, statements, damagedBefore, pages);
      } catch (error) {
        throw (isCorrupt(error) ? damagedBefore(database, error) : undefined) ?? error;
      } finally {
        // A snapshot that is held makes the WAL grow.
        rollback(database);
      }
    },
    async [Symbol.asyncDispose]() {
      database.close();
    },
  };
}

/** Compares two files, row by row. */
export async function compareSqlite(
  before: Target,
  after: Target,
  setup: Setup | undefined,
  leftOut: readonly string[],
): Promise<Evidence> {
  const { database } = await openBoth(before, after, setup, false);
  try {
    await readBefore(database);
    const {
      integrity = [],
      notes = [],
      ...evidence
    } = await evidenceOf(
      database,
      { before: nothingKnown(leftOut), after: nothingKnown(leftOut) },
      undefined,
      () => undefined,
    );
    // Nobody judges a comparison: a table that cannot be read must not look as if nothing were different.
    const broken = integrity.filter(({ kind }) => kind === 'corruption').map(({ message }) => message);
    const told = [...notes, ...broken];
    return { ...evidence, integrity, ...(told.length > 0 ? { notes: told } : {}) };
  } finally {
    database.close();
  }
}

interface Both {
  readonly database: SqliteDatabase;
  /** Absent where the two states are not of one file with a WAL, or the file's pages cannot be read. */
  readonly pages?: PageWatch;
}

/** Opens `after` as `main` with `before` attached. */
async function openBoth(before: Target, after: Target, setup: Setup | undefined, inWal: boolean): Promise<Both> {
  const { client: database } = await connect(after, setup);
  try {
    if (inWal) await enterWal(database, after);
    const path = realpathSync(pathOf(before));
    const file = descriptorOpenedBy(path, () => database.prepare('ATTACH ? AS before').run(pathOf(before)));
    return { database, ...(inWal && file !== undefined ? { pages: watchPages(database, path, file) } : {}) };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Begins a read transaction that has read `before` alone. */
async function readBefore(database: SqliteDatabase): Promise<void> {
  database.exec('BEGIN');
  await whenFree(() => database.prepare('SELECT count(*) FROM before.sqlite_schema').get(), {
    what: 'reading the state before',
  });
}

async function enterWal(database: SqliteDatabase, branch: Target): Promise<void> {
  const mode = await whenFree(() => database.pragma('journal_mode = WAL', { simple: true }), {
    what: 'putting the branch in WAL mode',
  });
  if (mode === 'wal') return;
  throw new ForerunError(
    'PROVIDER_FAILED',
    `The branch at ${branch.url} cannot be put in WAL mode, so nothing can be compared on it.`,
    {
      details: {},
      next: 'Keep copies on a local file system: WAL needs shared memory.',
    },
  );
}

async function evidenceOf(
  database: SqliteDatabase,
  known: { readonly before: Known; readonly after: Known },
  statements: readonly StatementEvidence[] | undefined,
  refusal: (database: SqliteDatabase, error: unknown) => ForerunError | undefined,
  watch?: PageWatch,
): Promise<Evidence> {
  const written = writtenTables(statements);
  const { lastColumn } = renamesIn(statements ?? []);
  const assigned = new Set((statements ?? []).flatMap(({ assigns = [] }) => assigns.map((name) => name.toLowerCase())));
  const { pairs, unreadable } = pairTables(database, statements, known);
  const look = watch?.look();
  const notes = unreadable.map((table) => `The rows of ${table} were not compared: its module is not known here.`);
  const tables: TableEvidence[] = [];
  // Foreign keys are enforced, or checked by the script itself, wherever the statements are known.
  const integrity = statements === undefined ? brokenKeys(database, pairs) : [];
  for (const pair of pairs) {
    if (!worthComparing(pair, written)) continue;
    // Lets signals and messages through between two tables.
    await turn();
    try {
      const seen = look?.of(pair);
      const table = compareTable(database, pair, (name, column) => lastColumn(name, column, -1), assigned, seen);
      tables.push(table);
      look?.keep(pair, table);
    } catch (error) {
      const table = pair.after?.name ?? pair.before?.name ?? '';
      const message = `The rows of ${table} could not be compared: ${safeWords(error, database, '')}.`;
      const code = codeOf(error) ?? 'SQLITE_ERROR';
      if (isCorrupt(error)) {
        const refused = refusal(database, error);
        if (refused !== undefined) throw refused;
        integrity.push({ kind: 'corruption', table, message });
      }
      // A collation or function that is not known here; everything else is no matter of this table.
      else if (code.startsWith('SQLITE_ERROR')) notes.push(message);
      else throw error;
    }
  }
  const lost = lostObjects(database, pairs, statements, (table, column) => lastColumn(table, column, -1));
  return { tables, integrity, ...(lost.length > 0 ? { lost } : {}), ...(notes.length > 0 ? { notes } : {}) };
}

/** Lower-case names of the tables that were written; undefined where that is unknown and all are compared. */
function writtenTables(statements: readonly StatementEvidence[] | undefined): ReadonlySet<string> | undefined {
  if (statements === undefined || statements.some((statement) => statement.writes === undefined)) return undefined;
  return new Set(statements.flatMap((statement) => statement.writes ?? []).map((name) => name.toLowerCase()));
}

function worthComparing({ before, after, exchanged }: TablePair, written: ReadonlySet<string> | undefined): boolean {
  if (before === undefined || after === undefined || written === undefined || exchanged) return true;
  const columns = new Set(after.columns.map((column) => column.name));
  const losesColumns = before.columns.some((column) => !columns.has(column.name));
  return losesColumns || written.has(before.name.toLowerCase()) || written.has(after.name.toLowerCase());
}

function brokenKeys(database: SqliteDatabase, pairs: readonly TablePair[]): Violation[] {
  const names = new Map(pairs.map(({ before, after }) => [before?.name.toLowerCase(), after?.name] as const));
  const nameNow = (table: string): string => names.get(table.toLowerCase()) ?? table;
  return tablesWithKeys(database).flatMap((table) => {
    const before = pairs.find((pair) => pair.after?.name === table)?.before;
    const old = before === undefined ? noOrphans : inNewNames(orphansOf(database, before.name, 'before'), nameNow);
    return newOrphans(table, old, orphansOf(database, table));
  });
}
