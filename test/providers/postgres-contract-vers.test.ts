import { afterAll, beforeAll, describe } from 'vitest';
import { vers } from '../../src/providers/vers.ts';
import { providerContract } from '../contracts/provider.ts';
import { grammars, startVers, type VersAccount } from '../support/vers.ts';
import { versBench } from './fixtures/vers-bench.ts';

const anyVm = '00000000-0000-4000-8000-000000000000';

// Against a stand-in for Vers, unless the environment names a command line and a service.
describe.each(grammars)('with a stand-in for Vers, its command line as of %s', (grammar) => {
  let account: VersAccount;
  beforeAll(async () => {
    account = await startVers(grammar);
  });
  afterAll(() => account[Symbol.asyncDispose]());
  providerContract('vers', vers({ vm: anyVm }), () => versBench(account));
});
