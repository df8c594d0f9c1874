import { afterAll, beforeAll } from 'vitest';
import { dump } from '../../src/providers/dump.ts';
import { copiesContract, providerContract } from '../contracts/provider.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { postgresBench } from './fixtures/postgres-bench.ts';

let server: PostgresServer;
let branchServer: PostgresServer;
beforeAll(async () => {
  server = await startPostgres({ settings: { autovacuum: 'off' } });
  branchServer = await startPostgres({ settings: { autovacuum: 'off' } });
});
afterAll(async () => {
  await server.stop();
  await branchServer.stop();
});

providerContract('dump on PostgreSQL 15', dump(), () => postgresBench({ server, provider: 'dump' }));
copiesContract('dump to another server', dump(), () => postgresBench({ server, provider: 'dump', branchServer }));
