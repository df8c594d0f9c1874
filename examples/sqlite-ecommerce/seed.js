// Creates and fills shop.db, if it is not there yet.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';

const path = fileURLToPath(new URL('shop.db', import.meta.url));
if (!existsSync(path)) {
  const database = new Database(path);
  database.pragma('journal_mode = WAL');
  database.exec(readFileSync(new URL('schema.sql', import.meta.url), 'utf8'));
  database.close();
  console.log('Created shop.db with 3 users, 4 products and 3 orders.');
}
