import { createHash } from 'node:crypto';
import type { SqliteDatabase } from '../../drivers/sqlite/client.ts';

/** What is quick to compare between a database and its copy. */
export interface Shape {
  readonly pages: number;
  readonly pageSize: number;
  readonly wal: boolean;
  /** Digest of `sqlite_schema`. */
  readonly schema: string;
}

/** Call inside a transaction where others may write. */
export function shapeOf(database: SqliteDatabase): Shape {
  const digest = createHash('sha256');
  const schema = database.prepare('SELECT type, name, tbl_name, sql FROM main.sqlite_schema').raw();
  for (const row of schema.iterate()) digest.update(`${JSON.stringify(row)}\n`);
  return {
    pages: Number(database.pragma('page_count', { simple: true })),
    pageSize: Number(database.pragma('page_size', { simple: true })),
    wal: database.pragma('journal_mode', { simple: true }) === 'wal',
    schema: digest.digest('hex'),
  };
}
