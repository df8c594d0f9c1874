import Database from 'better-sqlite3';
import { safeUmzug } from 'forerun/umzug';

/**
 * One function says what a migration gets, for main and for a branch alike. Because it declares its second parameter,
 * the migrations run on Forerun's own connection, in one transaction with their history row.
 */
export const migrator = safeUmzug(
  {
    migrations: { glob: ['migrations/*.js', { cwd: import.meta.dirname }] },
    logger: undefined,
  },
  {
    database: process.env.DATABASE_URL ?? `${import.meta.dirname}/app.db`,
    context: (_target, connection) => connection,
    // JavaScript is rehearsed in a process of its own, which imports this module and cannot open main.
    module: import.meta.url,
  },
);

export function openDatabase() {
  return new Database(`${import.meta.dirname}/app.db`);
}
