import { expect, it } from 'vitest';
import { vers } from '../../src/providers/vers.ts';
import { startVers, versProgram } from './vers.ts';
import { openRealVers, realVers } from './vers/real.ts';

// The command line and the service are the stand-in's here, too: what is tested is how tests would use real ones.
it('tests can use a command line and a service that the environment names', async () => {
  await using service = await startVers();
  Object.assign(process.env, service.env);
  await service.vers('commit', 'create', service.vm);
  const named = realVers({ ...service.env, FORERUN_VERS_CLI: versProgram, FORERUN_VERS_VM: service.vm });
  if (named === undefined) throw new Error('it is not taken');
  await using account = await openRealVers(named);
  const url = await account.createDatabase("it's");
  const provider = vers({ vm: account.vm, cli: versProgram });
  const main = { url, variable: url };
  await using checkpoint = await provider.checkpoint(main, { label: 'base' });
  const branch = await provider.branch(checkpoint, { label: 'b' });
  const { vms, commits, tags } = await account.state();
  expect(Object.keys(vms)).toHaveLength(2);
  expect(Object.keys(commits)).toEqual([checkpoint.target.url.replace('vers:', '')]);
  expect(Object.keys(tags)).toHaveLength(1);
  for (const copy of [branch, checkpoint]) await provider.discard(copy);
  expect(Object.keys((await account.state()).vms)).toEqual([account.vm]);
  await expect(account.fault({ on: 'commit', status: 500 })).rejects.toThrow('only the stand-in');
});

it('a service without a VM that tests may use is refused, and none at all is the stand-in', () => {
  expect(() => realVers({ FORERUN_VERS_CLI: 'vers', VERS_URL: 'https://api.vers.sh' })).toThrow('FORERUN_VERS_VM');
  expect(realVers({ FORERUN_VERS_CLI: 'vers' })).toBeUndefined();
});
