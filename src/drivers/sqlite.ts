import type { Driver, Waiting } from '../seams/driver.ts';
import { ownModule } from '../own-package.ts';
import type { Target } from '../seams/target.ts';
import { codeOf, isNoStatement, whenFree } from './sqlite/busy.ts';
import { commentedStatements } from './sqlite/commented.ts';
import { connect, type Setup, type SqliteConnection } from './sqlite/connection.ts';
import { sqliteCounts } from './sqlite/counts.ts';
import { examineSqlite } from './sqlite/examine.ts';
import { remedyFor, saysExists } from './sqlite/failure-kind.ts';
import type { Guarded } from './sqlite/guard.ts';
import { sqliteHistory } from './sqlite/history.ts';
import { homeOf } from './sqlite/home.ts';
import { keptScripts } from './sqlite/kept-scripts.ts';
import { sqliteJournal } from './sqlite/journal.ts';
import { lockSqlite } from './sqlite/lock.ts';
import { ownTables } from './sqlite/names.ts';
import { sqliteSchema, sqliteTables } from './sqlite/schema.ts';
import { safeMessage, safeWords } from './sqlite/safe-words.ts';
import { pathOf, sqliteIdentity, sqliteTarget } from './sqlite/target.ts';
import { inTransaction } from './sqlite/transaction.ts';
import { watchSqlite } from './sqlite/watch.ts';

export type { SqliteDatabase, SqliteStatement } from './sqlite/client.ts';

export interface SqliteOptions {
  /**
   * Called with every connection that Forerun opens to run or to compare something, before it is used: for SQL
   * functions that the application's schema needs, and extensions with collations and modules.
   */
  readonly setup?: Setup;
  /**
   * Whether SQLite enforces foreign keys while a script runs, or they are checked at its end: then nothing cascades.
   * @default 'enforced', unless the script turns them off or drops a table that others refer to
   */
  readonly scriptKeys?: 'enforced' | 'checked';
}

/** The driver for SQLite, by better-sqlite3. */
export function sqlite(options: SqliteOptions = {}): Driver {
  return driverOf({ options, leftOut: ownTables });
}

interface Made {
  readonly options: SqliteOptions;
  readonly leftOut: readonly string[];
}

function driverOf(made: Made): Driver {
  const { options, leftOut } = made;
  const open = (target: Target, waiting?: Waiting, givingUp?: AbortSignal): Promise<SqliteConnection> =>
    connect(target, options.setup, waiting, givingUp);
  return {
    name: 'sqlite',
    transactionalDdl: true,
    target: sqliteTarget,
    identity: sqliteIdentity,
    home: (main) => homeOf(pathOf(main)),
    examine: examineSqlite,
    open,
    async transaction(target, attempt, body) {
      await using connection = await open(target);
      if (attempt.alone) {
        await attempt.prepare?.(connection);
        await body(connection);
      } else await inTransaction(connection, attempt, body);
    },
    script: (sql, file) => async (target, attempt) => {
      const { sqliteScript } = await import('./sqlite/script.ts');
      const keys = options.scriptKeys ?? 'enforced';
      // What a setup leaves on a connection is not known here.
      const kept = options.setup === undefined ? keptScripts : undefined;
      await sqliteScript(sql, file, { open, keys, ...(kept && { kept }) })(target, attempt);
    },
    statements: commentedStatements,
    isNoStatement,
    codeOf,
    wordsOf: (error, statement) =>
      statement === undefined
        ? safeMessage(error)
        : safeWords(error, (statement.connection as SqliteConnection).client, statement.sql),
    saysExists,
    remedyFor,
    schema: (session) => sqliteSchema(session, leftOut),
    tables: (session) => sqliteTables(session, leftOut),
    leavingOut: (tables) => driverOf({ ...made, leftOut: [...leftOut, ...tables] }),
    async contents(connection, of) {
      const { sqliteContents } = await import('./sqlite/contents.ts');
      return sqliteContents((connection as SqliteConnection).client, of);
    },
    counts: sqliteCounts,
    history: sqliteHistory,
    journal: sqliteJournal,
    lock: lockSqlite,
    async observe(branch) {
      const { observeSqlite } = await import('./sqlite/observe.ts');
      return observeSqlite(branch, options.setup, leftOut);
    },
    async compare(before, after) {
      const { compareSqlite } = await import('./sqlite/observe.ts');
      return compareSqlite(before, after, options.setup, leftOut);
    },
    async damage(target, tables) {
      if (tables?.length === 0) return [];
      const { damageApart } = await import('./sqlite/damage-apart.ts');
      const { damageOf } = await import('./sqlite/damage.ts');
      const apart = tables === undefined && options.setup === undefined ? await damageApart(pathOf(target)) : undefined;
      if (apart !== undefined) return apart;
      await using connection = await open(target);
      return await whenFree(() => damageOf(connection.client, 'main', tables), { what: 'checking the pages' });
    },
    watch: watchSqlite,
    rest: (target) => keptScripts.rest({ target }),
    async warmUp() {
      await Promise.all([
        import('./sqlite/script.ts'),
        import('./sqlite/observe.ts'),
        import('./sqlite/damage-apart.ts'),
      ]);
    },
    async guard(main) {
      const what: Guarded = { path: pathOf(main) };
      return { module: ownModule('src/drivers/sqlite/guard'), what, env: {} };
    },
  };
}
