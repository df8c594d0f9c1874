import { ForerunError } from '../../error.ts';
import type { Connection, Row, Session } from '../../seams/driver.ts';
import type { Link } from './link.ts';

/** Where a connection is open. */
export interface Opened {
  readonly link: Link;
  readonly id: number;
}

const known = new WeakMap<Session, Opened>();

/** A connection that is open in a VM, and is closed there by whoever opened it. */
export function connectionOf({ link, id }: Opened, closed: () => void = () => {}): Connection {
  const connection: Connection = {
    get client(): never {
      throw noClient();
    },
    query: async (sql, params = []) => (await link.peer.call('query', id, sql, params)) as readonly Row[],
    rows: (sql, params = []) => rows({ link, id }, sql, params),
    [Symbol.asyncDispose]: () => close({ link, id }).finally(closed),
  };
  known.set(connection, { link, id });
  return connection;
}

/** Asks of a session in one message; of one that only passes queries on, in as many as it takes. */
export async function asked<T>(
  session: Session,
  method: string,
  args: readonly unknown[],
  query: () => Promise<T>,
): Promise<T> {
  const opened = known.get(session);
  return opened === undefined ? query() : ((await opened.link.peer.call(method, opened.id, ...args)) as T);
}

export function notOpened(): never {
  throw new TypeError('a connection that was not opened in a VM');
}

/** Opens something that `close` closes. */
export async function openIn(link: Link, open: () => Promise<unknown>): Promise<Opened> {
  link.keep();
  try {
    return { link, id: (await open()) as number };
  } catch (error) {
    link.letGo();
    throw error;
  }
}

/** Has something closed before anything is done that is asked for later. */
export function leave({ link, id }: Opened): void {
  link.letGo();
  link.peer.tell('close', id);
}

/** Closes something, and waits until that is done. What ended with its agent is closed. */
export async function close({ link, id }: Opened): Promise<void> {
  link.letGo();
  if (link.failure() !== undefined) return;
  await link.peer.call('close', id).catch((error: unknown) => {
    if (link.failure() === undefined) throw error;
  });
}

async function* rows({ link, id }: Opened, sql: string, params: readonly unknown[]): AsyncIterable<Row> {
  const cursor = await link.peer.call('rows', id, sql, params);
  try {
    for (;;) {
      const { rows, done } = (await link.peer.call('next', cursor)) as { readonly rows: readonly Row[]; done: boolean };
      yield* rows;
      if (done) return;
    }
  } finally {
    if (link.failure() === undefined) await link.peer.call('close', cursor);
  }
}

function noClient(): ForerunError<'NOT_REHEARSABLE'> {
  return new ForerunError(
    'NOT_REHEARSABLE',
    'The database is a file in a VM, and functions that want its client itself cannot reach it.',
    { details: {}, next: 'Write the migration as SQL; or run Forerun inside the VM, on the file.' },
  );
}
