import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Client } from 'pg';
import { execa } from 'execa';
import type { Answer } from './cli.ts';
import { memory, initialised } from './postgres/initialised.ts';
import { programs } from './postgres/programs.ts';
import { openRealVers, realVers } from './vers/real.ts';

/** Where the environment names a service, and the command line to ask it by, those are used instead of the stand-in. */
const real = realVers();

/** The command line of a stand-in for Vers (`vers/`), which is none of Vers's own programs; or that of the environment. */
export const versProgram: string = real?.cli ?? join(import.meta.dirname, 'vers/vers.mjs');

export type Grammar = 'v0.10.0' | 'v0.9.0' | 'v0.11.0' | 'newest';

/** Which command lines there are to test with: of a real one, itself alone. */
export const grammars: readonly Grammar[] = real === undefined ? ['v0.10.0', 'newest'] : ['v0.10.0'];

/** An account of the stand-in, with one machine: with a PostgreSQL server without anybody's database yet, or for files. */
export interface VersAccount extends AsyncDisposable {
  readonly root: string;
  readonly vm: string;
  /** Where a machine's files are: its home folder, which is all that it has of its own. */
  home(vm?: string): string;
  /** What the command line is to be started with. */
  readonly env: Readonly<Record<string, string>>;
  /** A database of the main machine, as a person reaches it who has a tunnel open. */
  url(database: string): string;
  createDatabase(name: string): Promise<string>;
  query(sql: string, database?: string): Promise<Record<string, unknown>[]>;
  /** Has the stand-in fail: `on` a call of its service (`commit`, `from_commit`, …), or `cli`, `exec`, `tunnel`. */
  fault(...faults: readonly Fault[]): Promise<void>;
  state(): Promise<VersState>;
  /** Every call so far: `vers …` for the command line, else the service's. */
  calls(): Promise<readonly string[]>;
  vers(...args: readonly string[]): Promise<Answer>;
  /** Whether its service is still at work. */
  isWorking(): Promise<boolean>;
}

export type Fault = { readonly on: string; readonly times?: number } & Readonly<Record<string, unknown>>;

export interface VersState {
  readonly vms: Readonly<
    Record<string, { readonly vm_id: string; readonly state: string; readonly parent_commit_id?: string }>
  >;
  readonly commits: Readonly<
    Record<string, { readonly commit_id: string; readonly name: string; readonly listed: boolean }>
  >;
  readonly tags: Readonly<Record<string, { readonly tag_name: string; readonly commit_id: string }>>;
}

/** It ends with `Symbol.asyncDispose`, and also when this process dies. */
export async function startVers(grammar: Grammar = 'v0.10.0', of: 'server' | 'files' = 'server'): Promise<VersAccount> {
  if (real !== undefined) return openRealVers(real);
  const root = await mkdtemp(join(memory, 'forerun-vers-'));
  await chmod(root, 0o755);
  const guard = guardOf(root);
  const use = of === 'server' ? await programs(15) : undefined;
  const { uid = process.getuid?.() ?? 0, gid = process.getgid?.() ?? 0 } = use?.as ?? {};
  const found = join(import.meta.dirname, 'vers/found.mjs');
  const { stdout: vm } = await execa(process.execPath, [
    found,
    root,
    use === undefined ? '' : await initialised(use),
    `${uid}`,
    `${gid}`,
    grammar,
  ]);
  const socket = join(root, 'vms', vm, 'run');
  const forward = await forwardTo(join(socket, '.s.PGSQL.5432'));
  const env = { VERS_URL: `file:${root}`, VERS_API_KEY: 'a key of the tests', HOME: join(root, 'home') };
  const url = (database: string): string =>
    `postgres://postgres@127.0.0.1:${forward.port}/${encodeURIComponent(database)}`;
  const query = async (sql: string, database = 'postgres'): Promise<Record<string, unknown>[]> => {
    const client = new Client({ host: socket, port: 5432, user: 'postgres', database });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  };
  return {
    root,
    vm,
    home: (of = vm) => join(root, 'vms', of),
    env,
    url,
    query,
    async createDatabase(name) {
      await query(`CREATE DATABASE "${name.replaceAll('"', '""')}"`);
      return url(name);
    },
    fault: (...faults) => writeFile(join(root, 'faults.json'), JSON.stringify(faults)),
    state: async () => JSON.parse(await readFile(join(root, 'state.json'), 'utf8')) as VersState,
    calls: async () => (await readFile(join(root, 'calls'), 'utf8')).split('\n').filter(Boolean),
    vers: (...args) => execa(versProgram, args, { env, cwd: root, reject: false, stdin: 'ignore' }),
    isWorking: () => isAnyWith(`serve.mjs\0${root}`),
    async [Symbol.asyncDispose]() {
      forward.close();
      guard.ref();
      guard.stdin?.end();
      await once(guard, 'exit');
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** What a person's own tunnel to the main machine does. */
function forwardTo(socket: string): Promise<{ readonly port: number; close(): void }> {
  const server = createServer((from) => {
    const to = connect(socket);
    const end = (): void => {
      from.destroy();
      to.destroy();
    };
    from.once('error', end).once('close', end).pipe(to);
    to.once('error', end).once('close', end).pipe(from);
  });
  server.unref();
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () =>
      resolve({ port: (server.address() as AddressInfo).port, close: () => void server.close() }),
    );
  });
}

/** Once this process ends, however it ends, it ends the servers of all machines and removes the folder. */
function guardOf(root: string): ChildProcess {
  const script = `
    cat >/dev/null
    for own in "$0"/vms/*; do
      for pid in $(grep -lsz "^HOME=$own$" /proc/[0-9]*/environ | cut -d/ -f3); do kill -9 "$pid" 2>/dev/null; done
      server=$(head -n 1 "$own/data/postmaster.pid" 2>/dev/null)
      ghosts=$(cat "$own/ghosts.pid" 2>/dev/null)
      for pid in $server $(cat "/proc/$server/task/$server/children" 2>/dev/null) $ghosts; do kill -9 "$pid" 2>/dev/null; done
      ipcrm -m "$(sed -n '7s/.* //p' "$own/data/postmaster.pid" 2>/dev/null)" 2>/dev/null
    done
    for try in 1 2 3 4 5; do rm -rf "$0" 2>/dev/null && break; sleep 0.2; done`;
  const child = spawn('/bin/sh', ['-c', script, root], {
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref();
  return child;
}

async function isAnyWith(text: string): Promise<boolean> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.some((line) => line.includes(text));
}
