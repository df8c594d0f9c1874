// Part of a stand-in for Vers, for tests alone. A machine is a folder with a real PostgreSQL server, which answers on a
// socket in it alone, or with SQLite files: what is below its home folder is all that it has of its own, so paths of tests
// begin there (`~/`). What the memory of a machine would carry into a copy, the open sessions of the server's clients and
// the files that programs have open, is opened again there by `ghosts.mjs`; nothing else of its programs is carried.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning } from './account.mjs';

export const bin = '/usr/lib/postgresql/15/bin';

/** A machine of its own has none of the programs that npm has put into the path for whoever asks for it. */
const path = (process.env.PATH ?? '')
  .split(':')
  .filter((folder) => !folder.endsWith('node_modules/.bin'))
  .join(':');

export function folderOf(root, kind, id) {
  return join(root, kind, id);
}

/** Also what is wanted to be reached by: psql and the like find the machine's server with it. */
export function environmentIn(folder) {
  return {
    PGHOST: join(folder, 'run'),
    PGPORT: '5432',
    PGUSER: 'postgres',
    HOME: folder,
    PATH: `${join(folder, 'bin')}:${bin}:${path}`,
  };
}

/** A copy of a folder as it is at this moment, without what belongs to running processes. */
export function copyFolder(from, to) {
  execFileSync('cp', ['-a', '--reflink=auto', from, to]);
  rmSync(join(to, 'data', 'postmaster.pid'), { force: true });
  for (const name of ['run', ...Object.values(pidFiles)]) rmSync(join(to, name), { recursive: true, force: true });
}

/** Starts the server, if it is a machine with one, and what opens again what was open. */
export function boot(folder) {
  if (existsSync(join(folder, 'data'))) startServer(folder);
  for (const whose of ghostsIn(folder)) {
    spawn(process.execPath, [join(import.meta.dirname, 'ghosts.mjs'), folder, whose], {
      env: { PATH: path, HOME: folder },
      detached: true,
      stdio: 'ignore',
    }).unref();
  }
}

function startServer(folder) {
  const data = join(folder, 'data');
  const run = join(folder, 'run');
  mkdirSync(run, { recursive: true });
  const { uid, gid } = statSync(data);
  chownSync(run, uid, gid);
  const log = openSync(join(folder, 'log'), 'a');
  const settings = ['-c', `unix_socket_directories=${run}`, '-c', 'port=5432', '-c', 'listen_addresses='];
  spawn(join(bin, 'postgres'), ['-D', data, ...settings], {
    ...(process.getuid() === uid ? {} : { uid, gid }),
    cwd: '/',
    // A machine knows nothing of whoever asked for it.
    env: { PATH: path },
    stdio: ['ignore', log, log],
    detached: true,
  }).unref();
}

/** Whether its server takes connections, and has the sessions that its memory had. */
export function isUp(folder) {
  const ready = !existsSync(join(folder, 'data')) || statusOf(join(folder, 'data'))[7]?.trim() === 'ready';
  return ready && ghostsIn(folder).every((whose) => existsSync(join(folder, pidFiles[whose])));
}

/** Whose memory there is to be played: programs' sessions and files, and the files of Forerun's own program there. */
function ghostsIn(folder) {
  const [sessions, files] = ['sessions.json', 'files.json'].map((name) => {
    const list = join(folder, name);
    return existsSync(list) ? JSON.parse(readFileSync(list, 'utf8')) : [];
  });
  return Object.keys(pidFiles).filter(
    (whose) => files.some((file) => file.whose === whose) || (whose === 'programs' && sessions.length > 0),
  );
}

export const pidFiles = { programs: 'ghosts.pid', '/.forerun-agents/': 'agents.pid' };

function statusOf(data) {
  try {
    return readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return [];
  }
}

/** Stops every process of a machine where it is, or lets them go on: what a pause is. */
export function signalAll(folder, signal) {
  for (const pid of processesOf(folder)) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended by itself.
    }
  }
}

/** The server before its children, so that it makes none meanwhile. */
function processesOf(folder) {
  const server = Number(statusOf(join(folder, 'data'))[0]);
  const found = commandsOf(folder);
  if (server > 0 && isRunning(server)) {
    process.kill(server, 'SIGSTOP');
    found.push(server, ...childrenOf(server));
  }
  return found;
}

/** Whatever `vers exec` started there and still runs, and those that play its memory: their home is the machine's folder. */
function commandsOf(folder) {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`HOME=${folder}`);
    } catch {
      return false;
    }
  });
}

function childrenOf(pid) {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

/** Ends everything of a machine and removes its folder. */
export async function remove(folder) {
  releaseMemory(join(folder, 'data'));
  for (let count = 0; count < 200; count += 1) {
    signalAll(folder, 'SIGKILL');
    try {
      rmSync(folder, { recursive: true, force: true });
      if (!existsSync(folder)) return;
    } catch {
      // A process that ends is still writing.
    }
    await sleep(20);
  }
  throw new Error(`${folder} is still there: ${readdirSync(folder).join(', ')}`);
}

/**
 * What a server that is killed leaves in the system, which has a few thousand of them at most, goes with its last process.
 * Line 7 of its file names it.
 */
function releaseMemory(data) {
  const [, id] = statusOf(data)[6]?.trim().split(/\s+/) ?? [];
  if (id !== undefined) spawnSync('ipcrm', ['-m', id], { stdio: 'ignore' });
}

/**
 * The SQLite files that programs of a machine have open, and whether somebody is in a transaction that writes: a copy of its
 * memory would have the same. Its programs themselves are not carried along.
 */
export async function openFiles(folder) {
  const paths = new Map();
  for (const pid of commandsOf(folder)) {
    const ours = readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('/.forerun-agents/');
    for (const fd of readdirSync(`/proc/${pid}/fd`)) {
      const path = linkOf(`/proc/${pid}/fd/${fd}`);
      if (path.startsWith(`${folder}/`) && path.endsWith('.db') && (!ours || !paths.has(path)))
        paths.set(path, ours ? '/.forerun-agents/' : 'programs');
    }
  }
  const { default: Database } = await import('better-sqlite3');
  return [...paths].map(([path, whose]) => {
    const database = new Database(path, { timeout: 0 });
    try {
      database.exec('BEGIN IMMEDIATE; ROLLBACK');
      return { path: relative(folder, path), whose, writing: false };
    } catch {
      return { path: relative(folder, path), whose, writing: true };
    } finally {
      database.close();
    }
  });
}

function linkOf(path) {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** What the clients of a machine's server have open: a copy of its memory would have it, too. */
export async function openSessions(folder) {
  if (!existsSync(join(folder, 'run', '.s.PGSQL.5432'))) return [];
  const { Client } = (await import('pg')).default;
  const client = new Client({
    host: join(folder, 'run'),
    port: 5432,
    user: 'postgres',
    database: 'postgres',
    application_name: 'hypervisor',
  });
  client.on('error', () => {});
  await client.connect();
  const { rows } = await client.query(`
    SELECT datname AS database, usename AS user, application_name AS name, state LIKE 'idle in transaction%' AS inside,
      (SELECT coalesce(json_agg(json_build_object('name', relation::regclass::text, 'oid', relation, 'database', l.database, 'mode', mode)), '[]')
         FROM pg_locks l WHERE l.pid = a.pid AND locktype = 'relation' AND granted AND relation >= 16384) AS relations,
      (SELECT coalesce(json_agg(json_build_array(classid, objid, objsubid)), '[]')
         FROM pg_locks l WHERE l.pid = a.pid AND locktype = 'advisory' AND granted) AS advisory
    FROM pg_stat_activity a WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND datname IS NOT NULL`);
  await client.end();
  return rows;
}
