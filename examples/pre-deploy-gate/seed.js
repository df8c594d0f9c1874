import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';

const path = `${import.meta.dirname}/app.db`;
if (!existsSync(path)) {
  const database = new Database(path);
  database.exec(`
    CREATE TABLE invoices (id INTEGER PRIMARY KEY, number TEXT NOT NULL, paid INTEGER NOT NULL);
    INSERT INTO invoices (number, paid) VALUES ('2026-001', 1), ('2026-002', 1), ('2026-003', 0), ('2026-004', 0), ('2026-005', 0);
  `);
  database.close();
  console.log('Created app.db with 5 invoices.');
}
