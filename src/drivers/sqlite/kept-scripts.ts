import { keptConnections, type KeptConnections } from '../kept-connections.ts';
import { connect, type SqliteConnection } from './connection.ts';
import { forgetTransaction } from './transaction.ts';
import type { Statement } from './statements.ts';

/** The connections that runs' scripts share, without anything that an application would set up on them. */
export function keptScripts(): KeptConnections<SqliteConnection> {
  return keptConnections({ open: (target) => connect(target, undefined), asNew });
}

/**
 * Whether a script leaves its connection as good as new, and does not ask it what was written before: pragmas stay set, and
 * no call takes back the last rowid.
 */
export function canShare(statements: readonly Statement[]): boolean {
  return statements.every((statement) => shareable.includes(statement.kind) && !asksConnection(statement));
}

const shareable: readonly Statement['kind'][] = ['begin', 'commit', 'savepoint', 'query', 'write', 'ddl'];

/** Whether a statement may ask its connection what was written on it, which a rollback does not take back. */
export function asksConnection({ sql }: Statement): boolean {
  return /last_insert_rowid|changes/i.test(sql);
}

/** Temporary objects would hide those of the same name from the next script. */
async function asNew({ client }: SqliteConnection): Promise<boolean> {
  forgetTransaction(client);
  return client.prepare('SELECT 1 FROM temp.sqlite_schema').get() === undefined;
}
