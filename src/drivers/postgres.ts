import type { Driver } from '../seams/driver.ts';
import { ownModule } from '../own-package.ts';
import type { Target } from '../seams/target.ts';
import { defaultLimits } from './postgres/compare-limits.ts';
import { connect, type PostgresConnection } from './postgres/connection.ts';
import { postgresContents, postgresCounts } from './postgres/contents.ts';
import { environmentFor } from './postgres/environment.ts';
import { examinePostgres } from './postgres/examine.ts';
import { stateOf } from './postgres/failures.ts';
import type { Guarded } from './postgres/guard.ts';
import { postgresHistory } from './postgres/history.ts';
import type { KeptConnections } from './kept-connections.ts';
import { once } from './once.ts';
import { homeIn, makeHome } from './project-home.ts';
import { identityOf } from './postgres/identity.ts';
import { postgresJournal } from './postgres/journal.ts';
import { keptSessions, type ScriptSession } from './postgres/kept-sessions.ts';
import type { Limits } from './postgres/limits.ts';
import { lockPostgres } from './postgres/lock.ts';
import { connectBeside } from './postgres/maintenance.ts';
import { ownTables } from './postgres/names.ts';
import { notCompared } from './postgres/not-compared.ts';
import { placeOf } from './postgres/place.ts';
import { loadParser } from './postgres/parser.ts';
import { recovering } from './postgres/recovering.ts';
import { safeWords } from './postgres/safe-words.ts';
import { postgresSchema } from './postgres/schema.ts';
import { endSessionsOf, programName, sessionName } from './postgres/sessions.ts';
import { statementsOf } from './postgres/statements.ts';
import { postgresTables } from './postgres/tables.ts';
import { postgresTarget } from './postgres/target.ts';
import { tellingLoss } from './postgres/telling-loss.ts';
import { watchPostgres } from './postgres/watch.ts';

export type { PostgresClient } from './postgres/client.ts';

export interface PostgresOptions {
  /** How long a statement waits for a lock before everything is rolled back, in milliseconds. @default 2000 */
  readonly lockTimeoutMs?: number;
  /** How long a statement may run, in milliseconds; 0 is for ever. @default 0 */
  readonly statementTimeoutMs?: number;
  /** How often a script that finds a lock held is begun, in all. @default 5 */
  readonly tries?: number;
  /**
   * Where rows have to be compared with the state before: tables up to so many bytes, their indexes not counted, are
   * compared in full; of a larger one all rows are counted, and a part of them is compared that is about as large. The
   * report then says that a difference elsewhere would go unseen. @default 2000000000
   */
  readonly compareBytes?: number;
  /** Over how many connections to each database tables are compared, where that is worth it. @default 2 */
  readonly connections?: number;
  /** The schema of Forerun's own tables on main. @default 'public' */
  readonly historySchema?: string;
  /** The folder in which `.forerun` is made. @default the working directory */
  readonly root?: string;
}

/** The driver for PostgreSQL 14 and later, by pg, which is to be installed beside. */
export function postgres(options: PostgresOptions = {}): Driver {
  return driverOf({ options, leftOut: ownTables });
}

/** The same, with all that `statements` needs loaded, which is synchronous; `open` loads it too. */
export async function loadPostgres(options: PostgresOptions = {}): Promise<Driver> {
  await loadParser();
  return postgres(options);
}

/** Of all drivers together: a source may have been given another one than the run, which lets them rest. */
const sessions: KeptConnections<PostgresConnection> = keptSessions(connectFor);

interface Made {
  readonly options: PostgresOptions;
  readonly leftOut: readonly string[];
  readonly run?: string;
}

function driverOf(made: Made): Driver {
  const { options, leftOut, run } = made;
  const { historySchema = 'public', root } = options;
  const name = sessionName(run);
  const open = async (target: Target): Promise<PostgresConnection> => tellingLoss(await connect(target, name));
  /** Who says nothing of a run cannot say that it has ended either. */
  const connectScript = async (target: Target, of?: string): Promise<ScriptSession> =>
    of === undefined ? { ...(await connect(target, name)), keep: async () => {} } : sessions.connect(target, of);
  const identity = async (target: Target): Promise<string> => {
    await using connection = await open(target);
    return await identityOf(connection);
  };
  const limits: Limits = {
    lockTimeoutMs: options.lockTimeoutMs ?? 2000,
    statementTimeoutMs: options.statementTimeoutMs ?? 0,
    tries: options.tries ?? 5,
  };
  const compareLimits = {
    compareBytes: options.compareBytes ?? defaultLimits.compareBytes,
    connections: options.connections ?? defaultLimits.connections,
  };
  return {
    name: 'postgres',
    transactionalDdl: true,
    target: postgresTarget,
    identity: run === undefined ? identity : once(identity),
    home: () => homeIn(root),
    examine: (main, use = 'writing') => examinePostgres(main, { use, historySchema, connect: open }),
    open,
    async transaction(target, attempt, body) {
      const { runCode } = await applying();
      await runCode(await connectScript(target, attempt.run), attempt, limits, body);
    },
    async warmUp() {
      await applying();
    },
    script: (sql, file) => async (target, attempt) => {
      const { postgresScript } = await applying();
      await postgresScript(sql, file, { limits, connect: connectScript })(target, attempt);
    },
    statements: (sql) => statementsOf(sql).map((statement) => ({ sql: statement.sql, comment: statement.comment })),
    codeOf: stateOf,
    wordsOf: (error, statement) => safeWords(error, statement?.sql),
    // A table, a column, another object, a schema of that name.
    saysExists: ({ code = '' }) => ['42P07', '42701', '42710', '42P06'].includes(code),
    schema: (session) => postgresSchema(session, leftOut),
    leavingOut: (tables) => driverOf({ ...made, leftOut: [...leftOut, ...tables] }),
    notCompared,
    tables: (session) => postgresTables(session, leftOut),
    contents: postgresContents,
    counts: postgresCounts,
    history: (session) => postgresHistory(session, historySchema),
    journal: (session) => postgresJournal(session, historySchema),
    async lock(main, lockOptions) {
      await makeHome(homeIn(root));
      return lockPostgres(main, lockOptions);
    },
    async observe(branch) {
      const { observePostgres } = await applying();
      return observePostgres(branch, open, leftOut, compareLimits);
    },
    async compare(before, after, told) {
      const { comparePostgres } = await applying();
      return comparePostgres(before, after, open, { ...told, limits: compareLimits, leftOut });
    },
    async unlikeMain(main, branch) {
      const { circumstancesOf, unlikeMain } = await applying();
      await using there = await open(main);
      await using here = await open(branch);
      return unlikeMain(await circumstancesOf(there), await circumstancesOf(here));
    },
    async damage(target, tables) {
      if (tables?.length === 0) return [];
      const { damageOf } = await applying();
      await using connection = await open(target);
      return await damageOf(connection, tables);
    },
    watch: (main) => watchPostgres(main, open),
    async guard(main, branch) {
      const what: Guarded = { main: await placeOf(main), branch: await placeOf(branch) };
      return {
        module: ownModule('src/drivers/postgres/guard'),
        what,
        env: await environmentFor(main, branch, process.env),
      };
    },
    ...(run === undefined ? {} : { rest: (target) => sessions.rest({ run, target }) }),
    programEnv: (id) => ({ PGAPPNAME: programName(id) }),
    forRun: (id) => driverOf({ ...made, run: id }),
    async endSessions(main, id) {
      await using session = await connectBeside(main, name);
      await endSessionsOf(session, id);
    },
    async settle(main, stretch) {
      const { settle } = await applying();
      return recovering(await open(main), limits, (session) => settle(session, stretch));
    },
    async undoable(stretch) {
      const { undoable } = await applying();
      return undoable(stretch);
    },
    async undo(main, stretch) {
      const { undo } = await applying();
      return recovering(await open(main), limits, (session) => undo(session, stretch));
    },
  };
}

function applying(): Promise<typeof import('./postgres/applying.ts')> {
  return import('./postgres/applying.ts');
}

function connectFor(target: Target, run?: string): Promise<PostgresConnection> {
  return connect(target, sessionName(run));
}
