// Applies one SQL file in one transaction, and nothing else.
import { readFileSync } from 'node:fs';
import Database from 'better-sqlite3';

const [path, file] = process.argv.slice(2);
const database = new Database(path, { timeout: 20_000 });
const sql = readFileSync(file, 'utf8');
database.transaction(() => database.exec(sql)).immediate();
database.close();
