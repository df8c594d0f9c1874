import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Which table the updates change: the one with nearly all the bytes, or a small one. */
export type Updated = 'large' | 'small';

/** A folder with small migrations of five kinds in turn, as they come together in a project. */
export function writeSmallMigrations(folder: string, count: number, updated: Updated): string {
  const migrations = join(folder, 'migrations');
  mkdirSync(migrations);
  for (let at = 1; at <= count; at += 1) {
    writeFileSync(join(migrations, `${String(at).padStart(3, '0')}_step.sql`), `${statementOf(at, updated)}\n`);
  }
  return migrations;
}

function statementOf(at: number, updated: Updated): string {
  switch (at % 5) {
    case 1:
      return `CREATE TABLE table_${at} (id INTEGER PRIMARY KEY, name TEXT NOT NULL, made_on TEXT);`;
    case 2:
      return `ALTER TABLE events ADD COLUMN note_${at} TEXT;`;
    case 3:
      return `CREATE INDEX accounts_${at} ON accounts (plan, name);`;
    case 4:
      return `INSERT INTO settings (name, value) VALUES ('${at}.1', 'on'), ('${at}.2', 'off'), ('${at}.3', NULL);`;
    default: {
      const ids = [1, 2, 3, 4, 5].map((n) => at * 17 + n).join(', ');
      return updated === 'large'
        ? `UPDATE events SET kind = 'refund', amount = -amount WHERE id IN (${ids});`
        : `UPDATE accounts SET plan = plan + 1 WHERE id IN (${ids});`;
    }
  }
}
