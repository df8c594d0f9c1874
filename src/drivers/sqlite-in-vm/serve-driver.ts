import type { Connection, Driver, LockHolder, Observer, Row, TableColumns, Watch } from '../../seams/driver.ts';
import type { StatementEvidence } from '../../seams/evidence.ts';
import type { HistoryRow, JournalEntry } from '../../seams/records.ts';
import { sqlite } from '../sqlite.ts';
import { makeAttempts, type SentAttempt } from './serve-attempt.ts';
import { sayWords } from './errors.ts';
import type { Held } from './held.ts';
import type { Methods, Peer } from './peer.ts';
import { targetAt } from './target-at.ts';

/** The driver for SQLite, as the other side asks for it: connections and the like are numbers there. */
export function serveDriver(peer: () => Peer, held: Held): Methods {
  const attempts = makeAttempts(peer, held);
  const driver = (leftOut: readonly string[]): Driver => sqlite().leavingOut(leftOut);
  const plain = sqlite();
  const connection = (id: number): Connection => held.get(id) as Connection;
  const waiting = (id: number) => (message: string) => peer().tell('waiting', id, message);
  return {
    identity: (path: string) => plain.identity(targetAt(path)),
    examine: (path: string, use: 'reading' | 'writing', wait: number) =>
      plain.examine(targetAt(path), use, waiting(wait)),
    async open(path: string, wait: number) {
      return held.put(await plain.open(targetAt(path), waiting(wait)));
    },
    close: (id: number) => held.close(id),
    async query(id: number, sql: string, params: readonly unknown[]) {
      try {
        return await connection(id).query(sql, params);
      } catch (error) {
        // Only here the schema can be asked which words of the message are values.
        sayWords(error, plain.wordsOf(error, { connection: connection(id), sql }));
        throw error;
      }
    },
    async rows(id: number, sql: string, params: readonly unknown[]) {
      const rows = connection(id).rows(sql, params)[Symbol.asyncIterator]();
      return held.put({ rows, [Symbol.asyncDispose]: async () => void (await rows.return?.()) } as AsyncDisposable);
    },
    async next(id: number) {
      const { rows } = held.get(id) as { readonly rows: AsyncIterator<Row> };
      const some: Row[] = [];
      for (let bytes = 0; bytes < partBytes;) {
        const { value, done } = await rows.next();
        if (done) return { rows: some, done: true };
        some.push(value);
        bytes += bytesOf(value);
      }
      return { rows: some, done: false };
    },
    abort: attempts.abort,
    transaction: (path: string, sent: SentAttempt) => attempts.transaction(plain, targetAt(path), sent),
    script: (path: string, sql: string, file: string | undefined, sent: SentAttempt) =>
      attempts.run(sent, (attempt) => plain.script(sql, file)(targetAt(path), attempt)),
    schema: (id: number, leftOut: readonly string[]) => driver(leftOut).schema(connection(id)),
    tables: (id: number, leftOut: readonly string[]) => driver(leftOut).tables(connection(id)),
    contents: (id: number, of: readonly TableColumns[]) => plain.contents(connection(id), of),
    counts: (id: number, tables: readonly string[]) => plain.counts(connection(id), tables),
    historyRows: (id: number) => plain.history(connection(id)).rows(),
    historyRow: (id: number, name: string) => plain.history(connection(id)).row(name),
    historyRecord: (id: number, row: HistoryRow, text: string) => plain.history(connection(id)).record(row, text),
    historyRemove: (id: number, name: string) => plain.history(connection(id)).remove(name),
    historyText: (id: number, checksum: string) => plain.history(connection(id)).text(checksum),
    journalRead: (id: number, database: string) => plain.journal(connection(id)).read(database),
    journalWrite: (id: number, database: string, entry: JournalEntry) =>
      plain.journal(connection(id)).write(database, entry),
    lock: (path: string, holder: LockHolder, waitMs: number, token: number) =>
      attempts.heard(token, async (signal) => {
        const told = (by: LockHolder | undefined): void => peer().tell('locked', token, by);
        return held.put(await plain.lock(targetAt(path), { holder, waitMs, signal, waiting: told }));
      }),
    observe: async (leftOut: readonly string[], path: string) =>
      held.put(await driver(leftOut).observe(targetAt(path))),
    begin: (id: number, text: string | undefined) => (held.get(id) as Observer).begin(text),
    finish: (id: number, statements: readonly StatementEvidence[] | undefined, exact: boolean | undefined) =>
      (held.get(id) as Observer).finish(statements, exact),
    compare: (leftOut: readonly string[], before: string, after: string) =>
      driver(leftOut).compare(targetAt(before), targetAt(after)),
    damage: (path: string, tables: readonly string[] | undefined) => plain.damage(targetAt(path), tables),
    watch: async (path: string) => held.put((await plain.watch?.(targetAt(path))) as Watch),
    moved: (id: number) => (held.get(id) as Watch).moved(),
    shared: (id: number) => (held.get(id) as Watch).shared(),
  };
}

/** So much of many rows is sent at once. */
const partBytes = 1024 * 1024;

function bytesOf(row: Row): number {
  return Object.values(row).reduce<number>(
    (sum, value) => sum + 20 + (typeof value === 'string' || value instanceof Uint8Array ? value.length : 0),
    0,
  );
}
