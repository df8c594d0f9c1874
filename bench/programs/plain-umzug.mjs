// Applies a folder of SQL files with Umzug as its own documents say: better-sqlite3, each file in a transaction with
// its row in a table.
import { readFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { Umzug } from 'umzug';

const [path, folder] = process.argv.slice(2);
const database = new Database(path);
database.exec('CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)');
const umzug = new Umzug({
  migrations: {
    glob: ['*.sql', { cwd: folder }],
    resolve: ({ name, path: file }) => ({
      name,
      up: async () => database.transaction(() => database.exec(readFileSync(file, 'utf8')))(),
    }),
  },
  storage: {
    logMigration: async ({ name }) => void database.prepare('INSERT INTO migrations (name) VALUES (?)').run(name),
    unlogMigration: async ({ name }) => void database.prepare('DELETE FROM migrations WHERE name = ?').run(name),
    executed: async () => database.prepare('SELECT name FROM migrations ORDER BY name').pluck().all(),
  },
  logger: undefined,
});
await umzug.up();
database.close();
