import { afterAll, beforeAll, describe } from 'vitest';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { agreesWithPrisma } from './fixtures/prisma/agreement.ts';
import { postgresProject } from './fixtures/prisma/project.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres({ version: 15 });
});
afterAll(() => server?.stop());

describe('Prisma on PostgreSQL', () => agreesWithPrisma(() => postgresProject(server)));
