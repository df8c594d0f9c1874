import { ForerunError } from '../../error.ts';
import { interruptible } from './interrupt.ts';
import { inverseOf } from './inverse.ts';
import { limitsQuery, type Limits } from './limits.ts';
import { as, isOn } from './nodes.ts';
import { retried } from './retries.ts';
import type { Script } from './script-plan.ts';
import { runStatement, type ScriptRun } from './script-statement.ts';
import { safeWords } from './safe-words.ts';
import { removeInvalid } from './settle.ts';
import type { Statement } from './statements.ts';

/**
 * Runs a statement that must stand in no transaction. One that changes neither schema nor contents is begun anew where a
 * lock could not be had. Of an index that could not be finished nothing is left.
 */
export async function runAlone(run: ScriptRun, script: Script, statement: Statement, limits: Limits): Promise<void> {
  const { connection, attempt } = run;
  if (!setsLockTimeout(script)) {
    // It queues for no lock that others would queue behind, but waits for them to end.
    const lockTimeoutMs = isConcurrent(statement) ? 0 : limits.lockTimeoutMs;
    await connection.query(limitsQuery({ ...limits, lockTimeoutMs }, false));
  }
  const tries = inverseOf(statement)?.kind === 'nothing' ? limits.tries : 1;
  try {
    await retried(connection, attempt, { ...limits, tries }, () =>
      interruptible(connection, attempt.signal, () => runStatement(run, statement)),
    );
  } catch (error) {
    await tidy(run, statement, limits);
    throw error;
  }
}

/** Whoever keeps it from being dropped is not waited for: a later run settles it. */
async function tidy({ connection, attempt }: ScriptRun, statement: Statement, limits: Limits): Promise<void> {
  try {
    await using other = await connection.beside();
    await other.query(limitsQuery(limits, false));
    const removed = await removeInvalid(other, statement);
    if (removed !== undefined) attempt.note(`Dropped ${removed}, which was left INVALID.`);
  } catch (error) {
    attempt.note(`An INVALID index may be left, and could not be dropped now: ${safeWords(error)}.`);
  }
}

/** The whole script without any transaction of ours; its own BEGIN and COMMIT are run. */
export async function runWhole(run: ScriptRun, script: Script, sql: string, limits: Limits): Promise<void> {
  const { connection, attempt } = run;
  const { beginning, done } = attempt.stretches ?? {};
  const stretch = { index: 1, of: 1, alone: true, sql, line: 1 };
  for (const note of script.notesAlone) attempt.note(note);
  await beginning?.(stretch);
  await connection.query(limitsQuery(limits, false));
  await interruptible(connection, attempt.signal, async () => {
    for (const statement of script.all) await runStatement(run, statement);
  });
  const [row] = await connection.query('SELECT now() <> statement_timestamp() AS inside');
  if (row?.['inside'] === true) {
    await connection.query('ROLLBACK');
    throw new ForerunError('BAD_MIGRATION', 'The script begins a transaction that it does not commit.', {
      details: { where: run.file === undefined ? {} : { file: run.file } },
      next: 'Add the COMMIT, or leave the BEGIN out.',
    });
  }
  await done?.(stretch, connection);
}

function setsLockTimeout({ all }: Script): boolean {
  return all.some(({ node }) => as('VariableSetStmt', node)?.name === 'lock_timeout');
}

function isConcurrent({ node }: Statement): boolean {
  const reindex = as('ReindexStmt', node);
  const partition = as('AlterTableStmt', node);
  return (
    as('IndexStmt', node)?.concurrent === true ||
    as('DropStmt', node)?.concurrent === true ||
    (reindex !== undefined && isOn(reindex.params, 'concurrently', false)) ||
    partition !== undefined
  );
}
