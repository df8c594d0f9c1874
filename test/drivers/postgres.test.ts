import { afterAll, beforeAll, describe } from 'vitest';
import { driverContract } from '../contracts/driver.ts';
import type { PostgresServer } from '../support/postgres.ts';
import { postgresWorld, startDriverServer } from './fixtures/postgres-driver-world.ts';

describe.each([15, 18] as const)('on PostgreSQL %i', (version) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startDriverServer(version);
  });
  afterAll(() => server?.stop());
  driverContract('postgres', () => postgresWorld(server));
});
