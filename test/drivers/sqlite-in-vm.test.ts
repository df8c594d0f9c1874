import { afterAll, beforeAll, describe, vi } from 'vitest';
import { driverContract } from '../contracts/driver.ts';
import { startVers, type VersAccount } from '../support/vers.ts';
import { inVmWorld } from './fixtures/in-vm-world.ts';

// Against a stand-in for Vers, never against Vers itself.
describe('in a VM', { timeout: 60_000 }, () => {
  let account: VersAccount;
  beforeAll(async () => {
    account = await startVers('v0.10.0', 'files');
    for (const [name, value] of Object.entries(account.env)) vi.stubEnv(name, value);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await account?.[Symbol.asyncDispose]();
  });
  driverContract('sqlite', () => inVmWorld(account, 'wal'));
});
