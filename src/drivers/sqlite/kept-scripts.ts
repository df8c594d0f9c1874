import { keptConnections, type KeptConnections } from '../kept-connections.ts';
import type { SqliteDatabase } from './client.ts';
import { connect, type SqliteConnection } from './connection.ts';
import { forgetTransaction } from './transaction.ts';
import type { Statement } from './statements.ts';

/**
 * The connections that runs' scripts share, without anything that an application would set up on them. Of all drivers
 * together: a source may have been given another one than the run, which lets them rest.
 */
export const keptScripts: KeptConnections<SqliteConnection> = keptConnections({
  open: (target) => connect(target, undefined),
  asNew,
});

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

/** The same of what fires or is read without being named in a script: triggers, views, the defaults of columns. */
export function schemaAsksConnection(database: SqliteDatabase): boolean {
  const near = database.prepare(
    "SELECT sql FROM sqlite_schema WHERE lower(sql) LIKE '%last_insert_rowid%' OR lower(sql) LIKE '%changes%'",
  );
  return (near.all() as { sql: string }[]).some(({ sql }) => asking.test(sql));
}

/** A call, quoted or not; not a table `price_changes`. */
const asking = /(?<!\w)(?:last_insert_rowid|(?:total_)?changes)\W*\(/i;

/** Temporary objects would hide those of the same name from the next script. */
async function asNew({ client }: SqliteConnection): Promise<boolean> {
  forgetTransaction(client);
  const temporary = client.prepare('SELECT 1 FROM temp.sqlite_schema').get();
  return temporary === undefined && !schemaAsksConnection(client);
}
