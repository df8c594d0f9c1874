import { afterAll, beforeAll } from 'vitest';
import { dump } from '../../src/providers/dump.ts';
import { providerContract } from '../contracts/provider.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { postgresBench } from './fixtures/postgres-bench.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres({ settings: { autovacuum: 'off' } });
});
afterAll(() => server.stop());

providerContract('dump on PostgreSQL 15', dump(), () => postgresBench({ server, provider: 'dump' }));
