import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
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
  await account.createDatabase('shop');
  await account.query(shop, 'shop');
  return worldsIn(account, {
    async make(name) {
      await account.query(`CREATE DATABASE ${name} TEMPLATE shop`);
      return account.url(name);
    },
    write: async (name, sql) => void (await account.query(sql, name)),
    drop: async (name) => void (await account.query(`DROP DATABASE ${name} WITH (FORCE)`)),
    records: () => account.query('SELECT * FROM forerun.vers'),
  });
}

/** The same with mains that are files, each in a folder of its own. */
export async function versFilesWorlds(grammar: Grammar): Promise<VersWorlds> {
  const account = await startVers(grammar, 'files');
  const quick = join(import.meta.dirname, '../support/vers/quick.sh');
  const write = (name: string, sql: string): void => {
    const database = new Database(join(account.home(), name, 'app.db'));
    try {
      database.exec(sql);
    } finally {
      database.close();
    }
  };
  const mains: Mains = {
    async make(name) {
      await mkdir(join(account.home(), name));
      write(name, filesShop);
      return `vers:~/${name}/app.db`;
    },
    write: async (name, sql) => write(name, sql),
    drop: (name) => rm(join(account.home(), name), { recursive: true }),
    // They are gone with the folders of mains.
    records: async () => (await readdir(account.home())).filter((name) => name.startsWith('main')),
  };
  return worldsIn(account, mains, quick);
}

const filesShop = `
  PRAGMA journal_mode = wal;
  CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE NOT NULL, name TEXT NOT NULL);
  INSERT INTO users VALUES (1, 'alice@example.com', 'Alice'), (2, 'bob@example.com', 'Bob');
`;

/** Databases in the main VM of an account, by name. */
interface Mains {
  /** Answers its address. */
  make(name: string): Promise<string>;
  write(name: string, sql: string): Promise<void>;
  drop(name: string): Promise<void>;
  /** What is recorded of copies of those that are dropped. */
  records(): Promise<readonly unknown[]>;
}

function worldsIn(account: VersAccount, mains: Mains, cli = versProgram): VersWorlds {
  Object.assign(process.env, account.env, { FORERUN_VERS_VM: account.vm, FORERUN_VERS_CLI: cli });
  let made = 0;
  return {
    async newWorld(scenario) {
      const root = await mkdtemp(join(memory, 'forerun-test-'));
      await mkdir(join(root, 'migrations'));
      for (const [name, text] of Object.entries(scenario.files)) await writeFile(join(root, 'migrations', name), text);
      const name = `main_${(made += 1)}`;
      const place = { root, database: await mains.make(name) };
      const setup = await scenario.setup(place);
      return {
        ...place,
        scenario,
        setup,
        write: (sql) => mains.write(name, sql),
        async [Symbol.asyncDispose]() {
          for (const copy of (await setup.provider.list(setup.main)).toReversed()) await setup.provider.discard(copy);
          await setup.driver.rest?.();
          await mains.drop(name);
          await rm(root, { recursive: true, force: true });
        },
      };
    },
    expectNothingLeft: () => expectEmpty(account, mains),
    [Symbol.asyncDispose]: () => account[Symbol.asyncDispose](),
  };
}

async function expectEmpty(account: VersAccount, mains: Mains): Promise<void> {
  const { vms, commits, tags } = await account.state();
  expect(Object.keys(vms)).toEqual([account.vm]);
  expect(Object.values(commits).filter(({ listed }) => listed)).toEqual([]);
  expect(tags).toEqual({});
  expect(await mains.records()).toEqual([]);
}
