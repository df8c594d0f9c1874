// Applies a folder of SQL files to PostgreSQL with Umzug as its own documents say: pg, each file in a transaction, and a
// row in a table.
import { readFileSync } from 'node:fs';
import { Client } from 'pg';
import { Umzug } from 'umzug';

const [url, folder] = process.argv.slice(2);
const client = new Client({ connectionString: url });
await client.connect();
await client.query('CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)');
const umzug = new Umzug({
  migrations: {
    glob: ['*.sql', { cwd: folder }],
    resolve: ({ name, path: file }) => ({
      name,
      up: async () => {
        await client.query('BEGIN');
        await client.query(readFileSync(file, 'utf8'));
        await client.query('COMMIT');
      },
    }),
  },
  storage: {
    logMigration: async ({ name }) => void (await client.query('INSERT INTO migrations (name) VALUES ($1)', [name])),
    unlogMigration: async ({ name }) => void (await client.query('DELETE FROM migrations WHERE name = $1', [name])),
    executed: async () =>
      (await client.query('SELECT name FROM migrations ORDER BY name')).rows.map(({ name }) => name),
  },
  logger: undefined,
});
await umzug.up();
await client.end();
