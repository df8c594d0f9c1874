import { ForerunError } from '../../error.ts';
import type { Apply, Attempt } from '../../seams/source.ts';
import type { Target } from '../../seams/target.ts';
import type { KeptConnections } from '../kept-connections.ts';
import type { SqliteConnection } from './connection.ts';
import { checkKeys, dropsReferenced, type KeyCheck } from './foreign-keys.ts';
import { canShare, schemaAsksConnection } from './kept-scripts.ts';
import { repeatable } from './repeatable.ts';
import { readScript, type Script } from './script-plan.ts';
import { runStatement } from './script-statement.ts';
import type { Statement } from './statements.ts';
import { inTransaction } from './transaction.ts';

export interface ScriptOptions {
  /** Opens a connection that is prepared as the configuration says. */
  open(target: Target): Promise<SqliteConnection>;
  /** Where the next script of the run may go on with this one's connection. */
  readonly kept?: KeptConnections<SqliteConnection>;
  /** Of foreign keys. `checked`: never enforced while it runs, and checked at its end. */
  readonly keys: 'enforced' | 'checked';
}

/**
 * Runs a script statement by statement, in one transaction of ours. Its own BEGIN and COMMIT are left out, and said so.
 * A script with a statement that SQLite refuses inside a transaction (VACUUM) runs without one.
 */
export function sqliteScript(sql: string, file: string | undefined, options: ScriptOptions): Apply {
  return async (target, given) => {
    const script = readScript(sql, file);
    const attempt = repeatable(given, script);
    const alone = script.standalone || attempt.alone;
    const shared = !alone && canShare(script.all) ? options.kept : undefined;
    if (shared === undefined || attempt.run === undefined) {
      await using connection = await options.open(target);
      await runOn(connection, script, alone, options.keys, attempt, file);
    } else {
      await using connection = await shared.connect(target, attempt.run);
      await runOn(connection, script, alone, options.keys, attempt, file);
      await connection.keep();
    }
  };
}

async function runOn(
  connection: SqliteConnection,
  script: Script,
  alone: boolean,
  keys: ScriptOptions['keys'],
  attempt: Attempt,
  file: string | undefined,
): Promise<void> {
  for (const note of alone ? script.notesAlone : script.notes) attempt.note(note);
  const enforced = keys === 'enforced' && enforcesKeys(connection, script, attempt);
  const run = (): Promise<void> =>
    runAll(connection, script, alone ? script.all : script.statements, enforced, attempt, file);
  if (alone) await runAlone(connection, enforced, run, file);
  else {
    const mayRepeat = (): boolean => !schemaAsksConnection(connection.client);
    await inTransaction(connection, attempt, run, { foreignKeys: enforced, mayRepeat });
  }
}

async function runAlone(
  connection: SqliteConnection,
  enforced: boolean,
  run: () => Promise<void>,
  file: string | undefined,
): Promise<void> {
  connection.client.pragma(`foreign_keys = ${enforced ? 'ON' : 'OFF'}`);
  await run();
  if (!connection.client.inTransaction) return;
  throw new ForerunError('BAD_MIGRATION', 'The script begins a transaction that it does not commit.', {
    details: { where: file === undefined ? {} : { file } },
    next: 'Add the COMMIT, or leave the BEGIN out.',
  });
}

function enforcesKeys({ client }: SqliteConnection, script: Script, attempt: Attempt): boolean {
  const reason = script.foreignKeysOff
    ? 'the script turns them off'
    : dropsReferenced(client, script.statements)
      ? 'it drops a table that others refer to'
      : undefined;
  if (reason === undefined) return true;
  attempt.note(
    `Foreign keys were not enforced while it ran (${reason}); those of the tables that it touches were checked at its end.`,
  );
  return false;
}

async function runAll(
  { client }: SqliteConnection,
  script: Script,
  statements: readonly Statement[],
  enforced: boolean,
  attempt: Attempt,
  file: string | undefined,
): Promise<void> {
  const keys: KeyCheck | undefined = enforced
    ? undefined
    : checkKeys(client, statements, (message) => attempt.note(message));
  for (const statement of statements) await runStatement(client, script, statement, { attempt, file, keys });
  keys?.refuseNewOrphans();
}
