import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { memory } from '../support/postgres/initialised.ts';
import { startVers, versProgram, type Grammar, type VersAccount } from '../support/vers.ts';
import { shop } from './postgres-world.ts';
import type { NewWorld } from './world.ts';

export interface VersWorlds extends AsyncDisposable {
  readonly newWorld: NewWorld;
  /** Nothing is left in the account but main's VM: no copy of a world that has ended, whether somebody knows of it or not. */
  expectNothingLeft(): Promise<void>;
}

/** Worlds whose mains are databases of one VM of a stand-in for Vers, which this process and its children are to use. */
export async function versWorlds(grammar: Grammar): Promise<VersWorlds> {
  const account = await startVers(grammar);
  Object.assign(process.env, account.env, { FORERUN_VERS_VM: account.vm, FORERUN_VERS_CLI: versProgram });
  await account.createDatabase('shop');
  await account.query(shop, 'shop');
  let made = 0;
  return {
    async newWorld(scenario) {
      const root = await mkdtemp(join(memory, 'forerun-test-'));
      await mkdir(join(root, 'migrations'));
      for (const [name, text] of Object.entries(scenario.files)) await writeFile(join(root, 'migrations', name), text);
      const name = `main_${(made += 1)}`;
      await account.query(`CREATE DATABASE ${name} TEMPLATE shop`);
      const place = { root, database: account.url(name) };
      const setup = await scenario.setup(place);
      return {
        ...place,
        scenario,
        setup,
        write: async (sql) => void (await account.query(sql, name)),
        async [Symbol.asyncDispose]() {
          for (const copy of (await setup.provider.list(setup.main)).toReversed()) await setup.provider.discard(copy);
          await account.query(`DROP DATABASE ${name} WITH (FORCE)`);
          await rm(root, { recursive: true, force: true });
        },
      };
    },
    expectNothingLeft: () => expectEmpty(account),
    [Symbol.asyncDispose]: () => account[Symbol.asyncDispose](),
  };
}

async function expectEmpty(account: VersAccount): Promise<void> {
  const { vms, commits, tags } = await account.state();
  expect(Object.keys(vms)).toEqual([account.vm]);
  expect(Object.values(commits).filter(({ listed }) => listed)).toEqual([]);
  expect(tags).toEqual({});
  expect(await account.query('SELECT * FROM forerun.vers')).toEqual([]);
}
