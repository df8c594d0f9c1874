import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { postgresProject, sqliteProject, type CommandProject } from './fixtures/command/project.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server?.stop());

/** What `prisma migrate deploy` does: Prisma's own engine, which it would download, by its WebAssembly. */
const deploy = `import { createJiti } from ${JSON.stringify(join(import.meta.dirname, '../../node_modules/jiti/lib/jiti.mjs'))};
const module = ${JSON.stringify(join(import.meta.dirname, 'fixtures/prisma/engine.ts'))};
const { prismaEngine } = await createJiti(import.meta.url).import(module);
const address = process.env.DATABASE_URL.replace(/^file:/, '');
try {
  console.log(await prismaEngine(address, new URL('./prisma/migrations', import.meta.url).pathname).deploy());
} catch (error) {
  console.error(error.code, error.message.split('\\n')[0]);
  process.exit(1);
}
`;

const slow = { timeout: 200_000 };
const files = {
  'prisma.mjs': deploy,
  'other.mjs': deploy,
  'prisma/migrations/20240101000000_init/migration.sql': 'CREATE TABLE a (id INTEGER PRIMARY KEY);\n',
};

describe('prisma migrate deploy as a command on an empty database', () => {
  async function project(): Promise<CommandProject> {
    const made = await postgresProject(server, files);
    await made.write('DROP TABLE users');
    return made;
  }

  test(
    'finds its own table there before those of Forerun, and does not refuse the database (P3005)',
    slow,
    async () => {
      const made = await project();
      const words = ['node', 'prisma.mjs', 'migrate', 'deploy'];
      expect(await made.json(['gate', '--', ...words])).toMatchObject({ outcome: 'passed' });
      const result = await made.up(words);
      expect(result).toMatchObject({ outcome: 'promoted', exitCode: 0 });
      expect(result.findings.map(({ message }) => message)).toContain(
        'Prisma applied 20240101000000_init (_prisma_migrations)',
      );
      expect(await made.read('SELECT migration_name FROM _prisma_migrations')).toEqual(['20240101000000_init']);
      expect(await made.up(words)).toMatchObject({ outcome: 'nothing-pending', exitCode: 0 });
    },
  );

  test('that nobody knows to be Prisma is told what stands in its way', slow, async () => {
    const made = await project();
    const result = await made.up(['node', 'other.mjs']);
    expect(result).toMatchObject({ outcome: 'blocked', exitCode: 3 });
    expect(result.findings[0]?.message).toContain('P3005');
    expect(result.findings[0]?.message).toContain('name Prisma in the command itself');
    // As it is told to.
    expect(await made.up(['node', 'prisma.mjs'])).toMatchObject({ outcome: 'promoted', exitCode: 0 });
  });
});

test('prisma migrate deploy as a command on SQLite is told to be run by the adapter', async () => {
  const made = await sqliteProject(files);
  const result = await made.up(['node', 'prisma.mjs', 'migrate', 'deploy']);
  expect(result).toMatchObject({ outcome: 'failed', exitCode: 2, error: { code: 'NOT_REHEARSABLE' } });
  expect(result.error?.next).toContain('forerun up --safe --adapter prisma');
});
