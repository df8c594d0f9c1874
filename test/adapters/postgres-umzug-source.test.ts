import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { postgres } from '../../src/drivers/postgres.ts';
import { sourceContract } from '../contracts/source.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { onClient, postgresProject, safe } from './fixtures/umzug/postgres.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres({ version: 18 });
});
afterAll(() => server?.stop());

sourceContract('umzug, on PostgreSQL', async () => {
  const project = await postgresProject(server);
  await project.query('DROP TABLE users');
  const migrations = { glob: ['migrations/*.mjs', { cwd: project.root }] as [string, { cwd: string }] };
  const { source } = safe(project, onClient, { migrations, logger: undefined }).config;
  if (source === undefined) throw new Error('no source');
  let added = 0;
  const file = (name: string): string => join(project.root, 'migrations', name);
  return {
    source,
    async add(table) {
      added += 1;
      const name = `${String(added).padStart(3, '0')}_${table}.mjs`;
      await project.put({
        [`migrations/${name}`]: `export const up = ({ context }) => context.query('CREATE TABLE ${table} (i int)');
export const down = ({ context }) => context.query('DROP TABLE ${table}');
`,
      });
      return name;
    },
    change: (name) => writeFile(file(name), 'export const up = async () => {};\n'),
    remove: (name) => rm(file(name)),
    database: {
      target: postgres().target(project.url),
      tables: async () => (await project.tables()) as string[],
    },
  };
});
