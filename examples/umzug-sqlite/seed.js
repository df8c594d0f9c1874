import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';

const path = `${import.meta.dirname}/app.db`;
if (!existsSync(path)) {
  const database = new Database(path);
  database.exec(`
    CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL);
    INSERT INTO users (email, name) VALUES ('alice@example.com', 'Alice Smith'), ('bob@example.com', 'Bob Jones');
  `);
  database.close();
  console.log('Created app.db with 2 users.');
}
