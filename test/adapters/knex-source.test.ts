import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { knex } from '../../adapters/knex.ts';
import { resolveConfig } from '../../src/config.ts';
import { sourceContract, type SourceFixture } from '../contracts/source.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { knexFolder } from './fixtures/knex/project.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

async function fixture(on: PostgresServer | undefined): Promise<SourceFixture> {
  const project = await knexFolder(on);
  const { source, main } = await resolveConfig({ source: knex(), root: project.root });
  const text = (table: string): string => `
exports.up = (knex) => knex.schema.createTable('${table}', (t) => t.increments());
exports.down = (knex) => knex.schema.dropTable('${table}');
`;
  let added = 0;
  return {
    source,
    async add(table) {
      added += 1;
      const name = `${String(added).padStart(3, '0')}_${table}.js`;
      await project.put({ [`migrations/${name}`]: text(table) });
      return name;
    },
    change: (name) => project.put({ [`migrations/${name}`]: text('other') }),
    remove: (name) => rm(join(project.root, 'migrations', name)),
    async spoil() {
      await rm(join(project.root, 'migrations'), { recursive: true });
      return 'migrations cannot be read';
    },
    database: {
      target: main,
      // Knex's own tables are no part of the schema.
      async tables() {
        const all =
          on === undefined
            ? "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'knex%' ORDER BY name"
            : "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'knex%' ORDER BY name";
        return (await project.rows(all)).map((row) => String(row['name']));
      },
    },
  };
}

sourceContract('knex on sqlite', () => fixture(undefined));
sourceContract('knex on postgres', () => fixture(server));
