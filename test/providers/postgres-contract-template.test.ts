import { afterAll, beforeAll, describe } from 'vitest';
import { template } from '../../src/providers/template.ts';
import { providerContract } from '../contracts/provider.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { postgresBench } from './fixtures/postgres-bench.ts';

describe.each([15, 18] as const)('on PostgreSQL %i', (version) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ version, settings: { autovacuum: 'off' } });
  });
  afterAll(() => server.stop());
  providerContract('template', template(), () => postgresBench({ server, provider: 'template' }));
});
