import { fstatSync, openSync, readSync, statSync, type BigIntStats } from 'node:fs';
import type { SqliteDatabase } from './client.ts';

/** The state of main at one moment, to be compared with main later. */
export interface Version {
  /** Real path of main. */
  readonly main: string;
  /** Whether anybody committed since. Exact while main is locked; throws where main is locked by others. */
  moved(): boolean;
  close(): void;
}

/**
 * Call inside a transaction on `connection`, so that the version belongs to what the transaction sees. The connection
 * stays open until the version is closed: SQLite counts other connections' commits per connection.
 *
 * With a WAL, nobody can leave WAL mode while the connection is open. With a rollback journal, the header tells of
 * every commit and of a change to WAL mode.
 */
export function versionOf(main: string, connection: SqliteDatabase): Version {
  const wal = connection.pragma('journal_mode', { simple: true }) === 'wal';
  const read = (): string => (wal ? String(connection.pragma('data_version', { simple: true })) : headerOf(main));
  const file = fileKey(statSync(main, { bigint: true }));
  const version = read();
  return {
    main,
    moved() {
      const stats = statSync(main, { bigint: true, throwIfNoEntry: false });
      return stats === undefined || fileKey(stats) !== file || read() !== version;
    },
    close() {
      connection.close();
    },
  };
}

/**
 * One descriptor for each database that was ever asked for, and none is ever closed. Closing any descriptor of a file
 * drops all POSIX locks that the process holds on it, SQLite's among them: another program could then write in the
 * middle of our transaction, be told that all is well, and be overwritten. Numbers, not `FileHandle`s, because those
 * are closed when they are collected.
 */
const descriptors = new Map<string, number>();

/** Page size, journal format and change counter: bytes 16 to 27 of the file. */
function headerOf(path: string): string {
  let descriptor = descriptors.get(fileKey(statSync(path, { bigint: true })));
  if (descriptor === undefined) {
    descriptor = openSync(path, 'r');
    descriptors.set(fileKey(fstatSync(descriptor, { bigint: true })), descriptor);
  }
  const header = Buffer.alloc(12);
  readSync(descriptor, header, 0, header.length, 16);
  return header.toString('hex');
}

function fileKey(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}`;
}
