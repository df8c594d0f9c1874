import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { Client } from 'pg';
import { makeVers } from '../../../src/providers/vers/client.ts';
import { until } from '../cli.ts';
import type { VersAccount, VersState } from '../vers.ts';

/** What names a real command line of Vers, the service that it is to use, and a VM there. */
export interface RealVers {
  readonly cli: string;
  readonly url: string;
  /** Its PostgreSQL server lets `postgres` in from the VM itself, without a password. Tests make databases there. */
  readonly vm: string;
}

export function realVers(env: NodeJS.ProcessEnv = process.env): RealVers | undefined {
  const { FORERUN_VERS_CLI: cli, VERS_URL: url, FORERUN_VERS_VM: vm } = env;
  if (cli === undefined || url === undefined || cli === '' || url === '') return undefined;
  if (vm === undefined || vm === '')
    throw new Error('VERS_URL names a service: name a VM there in FORERUN_VERS_VM, too');
  return { cli, url, vm };
}

/**
 * The account behind a real command line, as tests see it: what was there before is left out, and stays. It cannot fail on
 * demand, and does not say what it was asked.
 */
export async function openRealVers({ cli, url: service, vm }: RealVers): Promise<VersAccount> {
  const root = await mkdtemp(join(tmpdir(), 'forerun-vers-real-'));
  const client = makeVers({ cli, limitMs: 200_000 });
  const env = passedOn({ VERS_URL: service });
  Object.assign(process.env, env);
  const all = async (): Promise<VersState> => ({
    vms: byKey(await client.machines(), (one) => one.vm_id),
    commits: byKey(
      (await client.commits()).map((one) => ({ ...one, name: one.name ?? '', listed: true })),
      (one) => one.commit_id,
    ),
    tags: byKey(await client.tags(), (one) => one.tag_name),
  });
  const before = await all();
  const port = await freePort();
  const tunnel = execa(cli, ['tunnel', vm, `${port}:5432`], { cwd: root, env, reject: false });
  let said = '';
  tunnel.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await until(() => said.includes('Forwarding'));
  const url = (database: string): string => `postgres://postgres@127.0.0.1:${port}/${encodeURIComponent(database)}`;
  const query = async (sql: string, database = 'postgres'): Promise<Record<string, unknown>[]> => {
    const session = new Client(url(database));
    await session.connect();
    try {
      return (await session.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await session.end();
    }
  };
  return {
    root,
    vm,
    home() {
      throw new Error('only files in a VM of the stand-in can be looked into from outside');
    },
    env,
    url,
    query,
    async createDatabase(name) {
      const quoted = `"${name.replaceAll('"', '""')}"`;
      await query(`DROP DATABASE IF EXISTS ${quoted} WITH (FORCE)`);
      await query(`CREATE DATABASE ${quoted}`);
      return url(name);
    },
    async fault(...faults) {
      if (faults.length > 0) throw new Error('only the stand-in for Vers fails on demand');
    },
    async state() {
      const now = await all();
      const { [vm]: _, ...others } = before.vms;
      return {
        vms: without(now.vms, others),
        commits: without(now.commits, before.commits),
        tags: without(now.tags, before.tags),
      };
    },
    calls: async () => [],
    vers: (...args) => execa(cli, args, { env, cwd: root, reject: false, stdin: 'ignore' }),
    isWorking: async () => false,
    async [Symbol.asyncDispose]() {
      tunnel.kill();
      await tunnel;
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** A key is in the environment or in a file of the user's: neither is looked into here. */
function passedOn(more: Readonly<Record<string, string>>): Record<string, string> {
  const names = ['VERS_API_KEY', 'HOME'].filter((name) => process.env[name] !== undefined);
  return { ...Object.fromEntries(names.map((name) => [name, process.env[name] ?? ''])), ...more };
}

function byKey<T>(all: readonly T[], key: (one: T) => string): Record<string, T> {
  return Object.fromEntries(all.map((one) => [key(one), one]));
}

function without<T>(all: Readonly<Record<string, T>>, others: object): Record<string, T> {
  return Object.fromEntries(Object.entries(all).filter(([key]) => !Object.hasOwn(others, key)));
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => void probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise<void>((resolve) => void probe.close(() => resolve()));
  return port;
}
