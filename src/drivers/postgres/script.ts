import type { Apply, Attempt, Stretch as TellableStretch } from '../../seams/source.ts';
import type { Target } from '../../seams/target.ts';
import type { PostgresConnection } from './connection.ts';
import { effectsIn } from './effects.ts';
import type { ScriptSession } from './kept-sessions.ts';
import type { Limits } from './limits.ts';
import { loadParser } from './parser.ts';
import { retried } from './retries.ts';
import { runAlone, runWhole } from './run-alone.ts';
import { readScript, type Script } from './script-plan.ts';
import { refuseOwnTables, runStatement, type ScriptRun } from './script-statement.ts';
import { serverFacts } from './server-facts.ts';
import { refuseClusterWide } from './shared-cluster.ts';
import { statementsOf, type Statement } from './statements.ts';
import type { Stretch } from './stretches.ts';
import { inTransaction, type Steps } from './transaction.ts';

export interface ScriptOptions {
  readonly limits: Limits;
  /** `run` names the session, so that it can be found when the run has died. */
  connect(target: Target, run?: string): Promise<ScriptSession>;
}

/**
 * Runs a script statement by statement, in one transaction of ours together with the first and the last step. Its own
 * BEGIN and COMMIT are left out, and said so. Where a statement must stand alone (CONCURRENTLY, VACUUM), it runs by
 * itself, and what is before and behind it in transactions of their own; then neither step is called.
 */
export function postgresScript(sql: string, file: string | undefined, options: ScriptOptions): Apply {
  return async (target, attempt: Attempt) => {
    attempt.signal.throwIfAborted();
    await loadParser();
    const all = statementsOf(sql, file);
    refuseOwnTables(all, file);
    await using connection = await options.connect(target, attempt.run);
    const facts = await serverFacts(connection, connection.version, all);
    const script = readScript(sql, file, facts);
    const { main } = attempt;
    if (main !== undefined) {
      await refuseClusterWide(connection, { script: script.all, facts, file, attempt, main, connect: options.connect });
    }
    const run = { connection, attempt, file, effects: effectsIn(script.all, facts), told: new Set<number>() };
    if (attempt.alone) await runWhole(run, script, sql, options.limits);
    else if (script.stretches.every(({ kind }) => kind === 'transaction')) {
      await together(run, script, options.limits);
      await connection.keep();
    } else await byStretches(run, script, options.limits);
  };
}

async function together(run: ScriptRun, script: Script, limits: Limits): Promise<void> {
  const { attempt } = run;
  for (const note of script.notes) attempt.note(note);
  await transactional(run, script.statements, limits, {
    first: (session) => attempt.afterBegin(session),
    last: (session) => attempt.beforeCommit(session),
  });
}

async function byStretches(run: ScriptRun, script: Script, limits: Limits): Promise<void> {
  const { attempt, connection } = run;
  const { from, beginning, done } = attempt.stretches ?? { from: 1, beginning: nothing, done: nothing };
  for (const note of script.notes) attempt.note(note);
  for (const [at, stretch] of script.stretches.entries()) {
    const told = tellable(stretch, at + 1, script.stretches.length);
    if (told.index < from) {
      await repeatSettings(connection, stretch);
      continue;
    }
    attempt.signal.throwIfAborted();
    await beginning(told);
    if (stretch.kind === 'alone') {
      await runAlone(run, script, stretch.statement, limits);
      // Not in a role that the script has taken on.
      await using other = await connection.beside();
      await done(told, other);
    } else {
      await transactional(run, stretch.statements, limits, {
        first: async () => {},
        last: (session) => done(told, session),
      });
    }
  }
}

async function nothing(): Promise<void> {}

function transactional(
  run: ScriptRun,
  statements: readonly Statement[],
  limits: Limits,
  steps: Omit<Steps, 'signal'>,
): Promise<void> {
  const { connection, attempt } = run;
  return retried(connection, attempt, limits, () =>
    inTransaction(connection, { ...steps, signal: attempt.signal }, limits, async () => {
      for (const statement of statements) await runStatement(run, statement);
    }),
  );
}

function tellable(stretch: Stretch, index: number, of: number): TellableStretch {
  const statements = stretch.kind === 'alone' ? [stretch.statement] : stretch.statements;
  return {
    index,
    of,
    alone: stretch.kind === 'alone',
    sql: statements.map(({ sql }) => sql).join(';\n'),
    line: statements[0]?.line ?? 1,
  };
}

/** What a stretch has set for the session holds for those behind it, also where it is on main already. */
async function repeatSettings(connection: PostgresConnection, stretch: Stretch): Promise<void> {
  const statements = stretch.kind === 'alone' ? [stretch.statement] : stretch.statements;
  for (const { node, sql } of statements) {
    if ('VariableSetStmt' in node && node.VariableSetStmt.is_local !== true) await connection.execute(sql);
  }
}
