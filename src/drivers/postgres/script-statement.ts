import { ForerunError, messageOf } from '../../error.ts';
import type { Where } from '../../seams/evidence.ts';
import type { Attempt } from '../../seams/source.ts';
import { changesOf } from './changes.ts';
import type { PostgresConnection } from './connection.ts';
import type { Effects } from './effects.ts';
import { isCut, stateOf } from './failures.ts';
import { ownTables } from './names.ts';
import { knownWords } from './safe-words.ts';
import { hasCode } from './settings.ts';
import type { Statement } from './statements.ts';
import { writtenIn } from './wanted.ts';

export interface ScriptRun {
  readonly connection: PostgresConnection;
  readonly attempt: Attempt;
  readonly file: string | undefined;
  /** Asked where somebody is told. */
  readonly effects: (connection: PostgresConnection, statement: Statement) => Promise<Effects>;
  /** Told already, by index: a statement that is run again is told once. */
  readonly told: Set<number>;
}

/** Runs one statement of a script and tells the attempt what it did. */
export async function runStatement(run: ScriptRun, statement: Statement): Promise<void> {
  const { connection, attempt, file, told } = run;
  attempt.signal.throwIfAborted();
  const tells = attempt.statement !== undefined && !told.has(statement.index);
  // A script that has failed inside its own savepoint can still go back to it, and be asked nothing until then.
  const effects = tells ? await run.effects(connection, statement).catch(orNothing) : {};
  const start = performance.now();
  let rows: number | undefined;
  try {
    rows = await connection.execute(statement.sql);
  } catch (error) {
    if (attempt.signal.aborted || connection.lost() || isCut(error)) throw error;
    throw failed(statement, file, error, await knownWords(error, statement.sql, connection.beside));
  }
  const ms = performance.now() - start;
  if (!tells) return;
  told.add(statement.index);
  attempt.statement?.({
    sql: statement.sql,
    line: statement.line,
    ms,
    ...(rows === undefined ? {} : { rows }),
    ...effects,
  });
}

function orNothing(error: unknown): Effects {
  if (hasCode(error, '25P02')) return {};
  throw error;
}

/** A migration that takes the history away leaves a database whose migrations all count as pending. */
export function refuseOwnTables(statements: readonly Statement[], file: string | undefined): void {
  for (const statement of statements) {
    const changed = changesOf(statement.node).flatMap((change) =>
      change.change === 'rename'
        ? [change.from, change.on]
        : [change.name, change.change === 'drop' ? change.on : undefined],
    );
    const names = [...writtenIn(statement.node), ...changed].flatMap((name) => name?.name ?? []);
    const own = names.find((name) => ownTables.includes(name));
    if (own === undefined) continue;
    throw new ForerunError('BAD_MIGRATION', `It writes ${own}, where Forerun keeps what was applied.`, {
      details: { where: whereOf(statement, file) },
      next: 'Leave that to Forerun: see forerun repair and forerun baseline.',
    });
  }
}

export function whereOf({ line, index, sql }: Statement, file: string | undefined): Where {
  return { ...(file === undefined ? {} : { file }), line, statement: index, sql };
}

function failed(
  statement: Statement,
  file: string | undefined,
  error: unknown,
  message: string,
): ForerunError<'STATEMENT_FAILED'> {
  const code = stateOf(error);
  return new ForerunError('STATEMENT_FAILED', message, {
    details: { where: whereOf(statement, file), ...(code === undefined ? {} : { code }) },
    // A cause is printed with its message.
    ...(message === messageOf(error) ? { cause: error } : {}),
  });
}
