import { setTimeout as sleep } from 'node:timers/promises';
import { quoteIdentifier } from '../../drivers/postgres/names.ts';
import { ForerunError } from '../../error.ts';
import { thisProcess } from '../../process.ts';
import type { Copy } from '../../seams/provider.ts';
import type { Target } from '../../seams/target.ts';
import { databaseOf } from './address.ts';
import { attributeStatements, commentStatement } from './attributes.ts';
import { asFailure } from './failure.ts';
import type { Keeper } from './keeper.ts';
import { type Produced, type Work, sizeOf } from './make.ts';
import { connectedTo } from './others.ts';
import { refusePooled } from './pooled.ts';
import { commentOf, databaseName, newId, type CopyRecord } from './records.ts';
import { openSession, type ServerSession } from './session.ts';

export interface Restoring {
  /** The maintenance database of main's server. */
  readonly server: Target;
  readonly main: Target;
  /** Key of main on its own server. */
  readonly key: string;
  readonly checkpoint: Copy;
}

/**
 * Makes main what `produce` puts into a new database: filled beside main, then both renamed in one transaction, while
 * no connection to main can begin and those that there are are ended. Only then what main was is dropped. Cut short at
 * any step, main is as before or restored, and the rest is listed as left over.
 */
export async function restoreByRename(
  restoring: Restoring,
  keeper: Keeper,
  produce: (work: Work) => Promise<Produced>,
): Promise<void> {
  const { server, main, checkpoint, key } = restoring;
  const database = databaseOf(main);
  const record = newRecord(key, checkpoint);
  const fresh = databaseName(record.id, key);
  try {
    await using session = await openSession(server);
    refusePooled(session);
    await keeper.hold(server, record.id);
    await refuseBound(session, database);
    try {
      const { attributes } = await produce({ session, name: fresh, record });
      const bytes = await sizeOf(session, database);
      await session.query(attributeStatements(fresh, attributes).join(';\n'));
      const was = {
        ...record,
        id: newId('was'),
        label: 'main before it was restored',
        state: 'replaced',
        bytes,
      } as const;
      const aside = databaseName(was.id, key);
      const exists = bytes > 0;
      await exchange(session, server, database, [
        ...(exists ? [rename(database, aside), commentStatement(aside, commentOf(was))] : []),
        rename(fresh, database),
        commentStatement(database, attributes.comment),
        `ALTER DATABASE ${quoteIdentifier(database)} ALLOW_CONNECTIONS true`,
      ]);
      if (exists) await session.query(`DROP DATABASE IF EXISTS ${quoteIdentifier(aside)} WITH (FORCE)`);
    } catch (error) {
      await session.query(`DROP DATABASE IF EXISTS ${quoteIdentifier(fresh)} WITH (FORCE)`).catch(() => {});
      throw error;
    }
  } catch (error) {
    throw asFailure(error, `Restoring "${database}" from ${checkpoint.id}`);
  } finally {
    await keeper.release(record.id);
  }
}

function newRecord(main: string, { id: parent, label }: Copy): CopyRecord {
  return {
    format: 1,
    kind: 'checkpoint',
    id: newId('rs'),
    label: `a restore of ${label}`,
    main,
    parent,
    createdAt: new Date().toISOString(),
    state: 'making',
    bytes: 0,
    way: 'restore',
    ms: 0,
    maker: thisProcess(),
  };
}

/** What is bound to a database by more than its name stays with what main was, and keeps that from being dropped. */
async function refuseBound(session: ServerSession, database: string): Promise<void> {
  const rows = await session.query(
    `SELECT 'the logical replication slot ' || slot_name AS what FROM pg_replication_slots WHERE database = $1
    UNION ALL SELECT 'the subscription ' || subname FROM pg_subscription s JOIN pg_database d ON d.oid = subdbid
      WHERE datname = $1
    UNION ALL SELECT 'a prepared transaction' FROM pg_prepared_xacts WHERE database = $1`,
    [database],
  );
  if (rows.length === 0) return;
  const bound = [...new Set(rows.map((row) => String(row['what'])))].join(', ');
  throw new ForerunError('PROVIDER_FAILED', `"${database}" cannot be restored while ${bound} belongs to it.`, {
    details: {},
    next: 'Drop or finish that first: replicas that follow main would not follow what it is restored to.',
  });
}

function rename(from: string, to: string): string {
  return `ALTER DATABASE ${quoteIdentifier(from)} RENAME TO ${quoteIdentifier(to)}`;
}

/**
 * The first rename takes main's lock, which new connections wait for, and then itself waits up to five seconds for the
 * sessions that there are: a second session of ours ends them meanwhile. So main is never left closed by a dead run.
 */
async function exchange(
  session: ServerSession,
  server: Target,
  database: string,
  statements: readonly string[],
): Promise<void> {
  const attempts = 3;
  for (let attempt = 1; ; attempt++) {
    const exchanged = session.query(statements.join(';\n')).then(
      () => ({ done: true }) as const,
      (error: unknown) => ({ done: true, error }) as const,
    );
    const outcome = await endingOthers(server, database, exchanged);
    if (!('error' in outcome)) return;
    if (attempt === attempts || !isInUse(outcome.error)) throw await withSessions(session, database, outcome.error);
  }
}

async function endingOthers<T extends { readonly done: true }>(
  server: Target,
  database: string,
  exchanged: Promise<T>,
): Promise<T> {
  await using killer = await openSession(server);
  for (;;) {
    await killer.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [database]).catch(
      // Another superuser's sessions; the rename says that they are there.
      () => undefined,
    );
    const first = await Promise.race([exchanged, sleep(50)]);
    if (first?.done) return first;
  }
}

function isInUse(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '55006';
}

async function withSessions(session: ServerSession, database: string, error: unknown): Promise<unknown> {
  if (!isInUse(error)) return error;
  const others = await connectedTo(session, database);
  return new ForerunError(
    'PROVIDER_FAILED',
    `"${database}" was not restored and is as it was: these sessions could not be ended: ${others.join('; ')}.`,
    {
      details: {},
      next: 'End those programs, or connect as a role that may end them (pg_signal_backend).',
      cause: error,
    },
  );
}
