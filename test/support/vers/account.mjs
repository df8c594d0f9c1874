// Part of a stand-in for Vers, for tests alone: nothing here is Vers's own, and nothing here speaks to its service.
// An account is a folder, so that several processes see the same: `state.json`, `faults.json`, `vms/`, `commits/`, `calls`.
import { randomUUID } from 'node:crypto';
import {
  appendFileSync,
  openSync,
  closeSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  existsSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const owner = '7f0c0f4e-0000-4000-8000-00000000cafe';

export function readState(root) {
  return JSON.parse(readFileSync(join(root, 'state.json'), 'utf8'));
}

/** Changes the state, one process at a time. Answers what `change` answers. */
export async function update(root, change) {
  return locked(join(root, 'state.lock'), async () => {
    const state = readState(root);
    const answer = await change(state);
    replace(join(root, 'state.json'), state);
    return answer;
  });
}

/** Holds a lock file meanwhile. That of a process which was killed is taken over. */
export async function locked(file, body) {
  for (;;) {
    try {
      const handle = openSync(file, 'wx');
      writeFileSync(handle, String(process.pid));
      closeSync(handle);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      const holder = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
      if (holder > 0 && !isRunning(holder)) rmSync(file, { force: true });
      await sleep(5);
    }
  }
  try {
    return await body();
  } finally {
    rmSync(file, { force: true });
  }
}

export function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The faults that were ordered for one call, each taken as often as it says (`times`, 1 by default). */
export async function faultsFor(root, call) {
  const file = join(root, 'faults.json');
  if (!existsSync(file)) return {};
  return locked(join(root, 'faults.lock'), () => {
    const faults = JSON.parse(readFileSync(file, 'utf8'));
    const found = faults.filter((fault) => fault.on === call);
    for (const fault of found) fault.times = (fault.times ?? 1) - 1;
    replace(
      file,
      faults.filter((fault) => fault.times === undefined || fault.times > 0),
    );
    return Object.assign({}, ...found);
  });
}

export function areFaultsFor(root, call) {
  const file = join(root, 'faults.json');
  return existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).some(({ on }) => on === call);
}

export function logCall(root, ...words) {
  appendFileSync(join(root, 'calls'), `${words.join(' ')}\n`);
}

/** Which command line it plays: `v0.10.0`, `newest`, or one that is too old. */
export function grammarOf(root) {
  return readFileSync(join(root, 'grammar'), 'utf8').trim();
}

export function newMachine(more = {}) {
  return { vm_id: randomUUID(), owner_id: owner, created_at: new Date().toISOString(), state: 'booting', ...more };
}

export const isUuid = (text) => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);

function replace(file, value) {
  writeFileSync(`${file}.${process.pid}`, JSON.stringify(value, undefined, 2));
  renameSync(`${file}.${process.pid}`, file);
}
