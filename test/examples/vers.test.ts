import { expect, test } from 'vitest';
import { vers } from '../../src/providers/vers.ts';
import { startVers, versProgram } from '../support/vers.ts';
import { copyExample } from './folder.ts';
import { masked, runReadme } from './readme.ts';

// Against a stand-in for Vers, unless the environment names a command line and a service.
test('three rivals are tried on branches of a VM as the README shows', { timeout: 300_000 }, async () => {
  await using account = await startVers();
  const { readme, folder } = await copyExample('vers');
  const url = await account.createDatabase('shop');
  const env = { ...account.env, DATABASE_URL: url, FORERUN_VERS_VM: account.vm, FORERUN_VERS_CLI: versProgram };
  const { shown, printed } = await runReadme(readme, folder, env);
  expect(shown).toHaveLength(18);
  expect(masked(printed, folder)).toEqual(masked(shown, folder));
  const { vms, commits } = await account.state();
  expect(Object.keys(vms)).toEqual([account.vm]);
  expect(Object.values(commits).filter(({ listed }) => listed)).toHaveLength(1);
  Object.assign(process.env, account.env);
  const provider = vers({ vm: account.vm, cli: versProgram });
  for (const copy of await provider.list({ url, variable: url })) await provider.discard(copy);
  expect(Object.values((await account.state()).commits).filter(({ listed }) => listed)).toEqual([]);
});
