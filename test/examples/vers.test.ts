import { expect, test } from 'vitest';
import { startVers, versProgram } from '../support/vers.ts';
import { copyExample } from './folder.ts';
import { masked, runReadme } from './readme.ts';

// Against a stand-in for Vers, unless the environment names a command line and a service.
test('three rivals are tried on branches of a VM as the README shows', { timeout: 300_000 }, async () => {
  await using account = await startVers();
  const { readme, folder } = await copyExample('vers');
  const { shown, printed } = await runReadme(readme, folder, {
    ...account.env,
    DATABASE_URL: await account.createDatabase('shop'),
    FORERUN_VERS_VM: account.vm,
    FORERUN_VERS_CLI: versProgram,
  });
  expect(shown).toHaveLength(18);
  expect(masked(printed, folder)).toEqual(masked(shown, folder));
  const { vms, commits } = await account.state();
  expect(Object.keys(vms)).toEqual([account.vm]);
  expect(Object.values(commits).filter(({ listed }) => listed)).toHaveLength(1);
});
