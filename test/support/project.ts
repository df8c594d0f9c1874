import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { onTestFinished } from 'vitest';
import { resolveConfig, type Config } from '../../src/config.ts';
import type { Setup } from '../../src/setup.ts';

/** Hundreds of runs wait for the disk otherwise; what a real disk does is the providers' tests' affair. */
const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** A project folder with a database and plain SQL migrations, thrown away after the test. */
export interface Project {
  readonly root: string;
  readonly path: string;
  setup(more?: Partial<Config>): Promise<Setup>;
  migration(name: string, text: string): Promise<void>;
  /** Runs statements on main, on a connection of its own. */
  write(sql: string): void;
  /** First column of every row. */
  read(sql: string): unknown[];
}

export const shop: string = `
  CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT UNIQUE NOT NULL, name TEXT NOT NULL);
  CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users(id) ON DELETE CASCADE, total REAL);
  INSERT INTO users (email, name) VALUES ('alice@example.com', 'Alice'), ('bob@example.com', 'Bob'), ('carol@example.com', 'Carol');
  INSERT INTO orders (user_id, total) VALUES (1, 10.5), (2, 20), (1, 30);
`;

export async function newProject(
  options: { seed?: string; folder?: string; journalMode?: 'wal' | 'delete' } = {},
): Promise<Project> {
  const base = await realpath(await mkdtemp(join(memory, 'forerun-test-')));
  onTestFinished(() => rm(base, { recursive: true, force: true }));
  const root = join(base, options.folder ?? 'project');
  await mkdir(join(root, 'migrations'), { recursive: true });
  const path = join(root, 'app.db');
  const database = new Database(path);
  database.pragma(`journal_mode = ${options.journalMode ?? 'delete'}`);
  database.exec(options.seed ?? shop);
  database.close();
  const using = <T>(work: (db: Database.Database) => T): T => {
    const db = new Database(path);
    try {
      return work(db);
    } finally {
      db.close();
    }
  };
  return {
    root,
    path,
    setup: (more = {}) => resolveConfig({ database: 'app.db', root, lockWaitSeconds: 20, ...more }),
    migration: (name, text) => writeFile(join(root, 'migrations', name), text),
    write: (sql) => using((db) => void db.exec(sql)),
    read: (sql) => using((db) => db.prepare(sql).pluck().all()),
  };
}
