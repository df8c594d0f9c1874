import { afterAll, beforeAll, describe } from 'vitest';
import { vers } from '../../src/providers/vers.ts';
import { providerContract } from '../contracts/provider.ts';
import { startVers, type VersAccount } from '../support/vers.ts';
import { versFilesBench } from './fixtures/vers-files-bench.ts';

const anyVm = '00000000-0000-4000-8000-000000000000';

// Against a stand-in for Vers, never against Vers itself.
describe('with a stand-in for Vers, its command line as of v0.10.0', () => {
  let account: VersAccount;
  beforeAll(async () => {
    account = await startVers('v0.10.0', 'files');
  });
  afterAll(() => account[Symbol.asyncDispose]());
  providerContract('vers, on files', vers({ vm: anyVm }), () => versFilesBench(account));
});
