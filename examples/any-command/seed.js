import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';

const path = `${import.meta.dirname}/app.db`;
if (!existsSync(path)) {
  const database = new Database(path);
  database.exec(`
    CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT NOT NULL, name TEXT NOT NULL);
    INSERT INTO customers (email, name) VALUES ('alice@example.com', 'Alice Smith'), ('bob@example.com', 'Bob Jones'), ('alice@example.com', 'Alice S.');
  `);
  database.close();
  console.log('Created app.db with 3 customers.');
}
