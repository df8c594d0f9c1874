import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A folder with small migrations of five kinds in turn, as they come together in a year of a project. */
export function writeSmallMigrations(folder: string, count: number): string {
  const migrations = join(folder, 'migrations');
  mkdirSync(migrations);
  for (let at = 1; at <= count; at += 1) {
    const number = String(at).padStart(3, '0');
    writeFileSync(join(migrations, `${number}_step.sql`), `${statementsOf(at)}\n`);
  }
  return migrations;
}

function statementsOf(at: number): string {
  switch (at % 5) {
    case 1:
      return `CREATE TABLE table_${at} (id INTEGER PRIMARY KEY, name TEXT NOT NULL, made_on TEXT);`;
    case 2:
      return `ALTER TABLE events ADD COLUMN note_${at} TEXT;`;
    case 3:
      return `CREATE INDEX accounts_${at} ON accounts (plan, name);`;
    case 4:
      return `INSERT INTO settings (name, value) VALUES ('new ${at}.1', 'on'), ('new ${at}.2', 'off'), ('new ${at}.3', NULL);`;
    default:
      return `UPDATE events SET kind = 'refund', amount = -amount WHERE id IN (${[1, 2, 3, 4, 5].map((n) => at * 97 + n).join(', ')});`;
  }
}
