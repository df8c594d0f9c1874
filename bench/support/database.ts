import { closeSync, copyFileSync, fsyncSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';

export type Size = '10 MB' | '100 MB' | '1 GB';

const bytesOf: Readonly<Record<Size, number>> = { '10 MB': 10e6, '100 MB': 100e6, '1 GB': 1000e6 };
const base = mkdtempSync(join(tmpdir(), 'forerun-bench-'));
process.on('exit', () => rmSync(base, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
let folders = 0;

/** A new folder that goes away with this process. */
export function newFolder(): string {
  const folder = join(base, String((folders += 1)));
  mkdirSync(folder);
  return folder;
}

/** A copy of the shop's database in a folder, at rest and on the disk, in WAL mode. */
export function placeDatabase(folder: string, size: Size): string {
  const path = join(folder, 'app.db');
  copyFileSync(template(size), path);
  flush(path);
  return path;
}

/** Waits until the file is on the disk, so that nobody's time holds the writing of somebody else's pages. */
function flush(path: string): void {
  const descriptor = openSync(path, 'r+');
  fsyncSync(descriptor);
  closeSync(descriptor);
}

/** Made once a process: a table of events that has nearly all the bytes, and small tables beside it. */
function template(size: Size): string {
  const path = join(base, `${size.replace(' ', '')}.db`);
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) return path;
  process.stderr.write(`  making a database of ${size}\n`);
  const database = new Database(path);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = OFF');
  const rows = Math.round(bytesOf[size] / bytesPerEvent);
  database.exec(schema);
  fill(database, 'accounts (name, plan)', "printf('account %d', n), n % 3", 2000);
  fill(database, 'settings (name, value)', "printf('setting %d', n), hex(n * 7919)", 200);
  fill(database, 'events (account_id, kind, at, amount, payload)', event, rows);
  database.pragma('wal_checkpoint(TRUNCATE)');
  database.close();
  return path;
}

const bytesPerEvent = 205;
const schema = `
  CREATE TABLE accounts (id INTEGER PRIMARY KEY, name TEXT NOT NULL, plan INTEGER NOT NULL);
  CREATE TABLE settings (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, value TEXT);
  CREATE TABLE visits (id INTEGER PRIMARY KEY, at TEXT NOT NULL, page TEXT NOT NULL);
  CREATE TABLE events (id INTEGER PRIMARY KEY, account_id INTEGER NOT NULL, kind TEXT NOT NULL, at TEXT NOT NULL, amount REAL, payload TEXT);
`;
const event = `n % 2000 + 1, CASE n % 3 WHEN 0 THEN 'click' WHEN 1 THEN 'view' ELSE 'purchase' END,
  datetime(1700000000 + n, 'unixepoch'), n * 0.25, printf('{"n":%d,"text":"%s%s"}', n, hex(n * 2654435761 % 4294967291), '${'lorem ipsum '.repeat(9)}')`;

function fill(database: Database.Database, into: string, values: string, rows: number): void {
  database.exec(
    `WITH RECURSIVE counter(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < ${rows}) INSERT INTO ${into} SELECT ${values} FROM counter`,
  );
}
