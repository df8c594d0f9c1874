import { dirname } from 'node:path';
import { whenFree, type Patience } from '../../drivers/sqlite/busy.ts';
import { openDatabase, type SqliteDatabase } from '../../drivers/sqlite/client.ts';
import { ForerunError } from '../../error.ts';
import { pour } from './pour.ts';
import { shapeOf, type Shape } from './shape.ts';
import { ensureSpace } from './space.ts';

export interface Waiting {
  readonly waitMs: number;
  /** Ends the waiting; main is as it was then. */
  readonly signal?: AbortSignal | undefined;
  /** Told once when it has waited for another program for a second. */
  readonly waiting?: ((message: string) => void) | undefined;
}

export interface Replacing extends Waiting {
  /** Asked when main is locked for writing and nothing of it is written yet. A throw leaves main as it was. */
  readonly mayReplace?: () => void;
}

/**
 * Makes main what the database file `source` holds, in place and in one transaction of SQLite's: main keeps its file,
 * its journal mode, and the connections that others have open.
 */
export async function replace(source: string, main: string, replacing: Replacing): Promise<void> {
  const { waitMs, signal, waiting } = replacing;
  const patience = { waitMs, signal, waiting, what: `replacing ${main}` };
  const target = await openDatabase(main);
  try {
    const before = await whenFree(() => shapeOf(target), patience);
    await using from = await prepared(source, before, { ...patience, what: `reading ${source}` });
    const after = from.shape;
    if (before.pages > 0) ensurePageSize(before, after, source, main);
    await ensureSpace(dirname(main), spaceFor(before, after), `the change of ${main}`);
    const version = await whenFree(() => dataVersion(target), patience);
    await pour(from.database, main, {
      ...patience,
      ...(replacing.mayReplace ? { beforeFirst: replacing.mayReplace } : {}),
    });
    // By then main is replaced, whoever wants an end of it.
    await confirm(target, version, after, { waitMs, what: patience.what });
  } finally {
    target.close();
  }
}

export function ensurePageSize(main: Shape, copy: Shape, copyFile: string, mainFile: string): void {
  if (main.pageSize === copy.pageSize) return;
  const sizes = `${copy.pageSize} bytes, and those of ${mainFile} ${main.pageSize}`;
  throw new ForerunError(
    'PROVIDER_FAILED',
    `${copyFile} cannot take main's place: its pages have ${sizes}. Main is as it was.`,
    {
      details: {},
      next: 'Change the page size of main by hand (PRAGMA page_size; VACUUM) while no program uses it.',
    },
  );
}

/** `PRAGMA data_version`: moves with every commit that another connection makes. */
export function dataVersion(database: SqliteDatabase): unknown {
  return database.pragma('data_version', { simple: true });
}

/** Main was written: by whom and with what is asked of main itself, because the backup API has lied before. */
export async function confirm(
  main: SqliteDatabase,
  version: unknown,
  expected: Shape,
  patience: Patience,
): Promise<void> {
  const [now, shape] = await whenFree(() => [dataVersion(main), shapeOf(main)] as const, patience);
  if (now === version) {
    throw new ForerunError('PROVIDER_FAILED', `${main.name} was to be replaced, and was not written at all.`, {
      details: {},
    });
  }
  if (shape.schema !== expected.schema) {
    throw new ForerunError('NEEDS_PERSON', `${main.name} was replaced, but does not hold what it should.`, {
      details: {},
      next: 'Compare main with its checkpoints (`forerun diff`) before anything else writes it.',
    });
  }
  // All of main went through its WAL, which is now as large as main. Whoever reads it meanwhile keeps it; the next
  // checkpoint of any program does the same job, so that a failure here is none.
  try {
    if (shape.wal) main.pragma('wal_checkpoint(TRUNCATE)');
  } catch {
    return;
  }
}

interface Prepared extends AsyncDisposable {
  readonly database: SqliteDatabase;
  readonly shape: Shape;
}

/** Opens what is to become main, inside a read transaction, in a form that cannot change main's journal mode. */
async function prepared(source: string, main: Shape, patience: Patience): Promise<Prepared> {
  const database = await openDatabase(source);
  let leftWal = false;
  const close = (): void => {
    if (database.inTransaction) database.exec('ROLLBACK');
    if (leftWal) database.pragma('journal_mode = WAL');
    database.close();
  };
  try {
    const { pages, wal } = await whenFree(() => shapeOf(database), patience);
    if (pages === 0) {
      close();
      return await emptyDatabase(main.pageSize);
    }
    // The backup writes the source's header over main's: a main with a rollback journal would turn to WAL mode under
    // the programs that use it. The other way round the backup takes care itself.
    if (wal && !main.wal && main.pages > 0) {
      await whenFree(() => database.pragma('journal_mode = DELETE'), patience);
      leftWal = true;
    }
    const shape = await whenFree(() => {
      if (!database.inTransaction) database.exec('BEGIN');
      return shapeOf(database);
    }, patience);
    return { database, shape, [Symbol.asyncDispose]: async () => close() };
  } catch (error) {
    close();
    throw error;
  }
}

/**
 * A database without tables, but with its first page: for a source of no pages at all the backup empties main without
 * ever asking `progress`, so that nobody could say no.
 */
async function emptyDatabase(pageSize: number): Promise<Prepared> {
  const { default: Database } = await import('better-sqlite3');
  const database: SqliteDatabase = new Database(':memory:');
  database.pragma(`page_size = ${pageSize}`);
  database.pragma('user_version = 0');
  return { database, shape: shapeOf(database), [Symbol.asyncDispose]: async () => void database.close() };
}

/** What the disk must hold besides: all new pages in the WAL, or all old ones in the rollback journal; and the growth. */
function spaceFor(before: Shape, after: Shape): number {
  const grown = Math.max(0, after.pages - before.pages);
  return ((before.wal ? after.pages : before.pages) + grown) * after.pageSize;
}
