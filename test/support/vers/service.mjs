// A stand-in for the service behind Vers, for tests alone: answers one call about an account and ends. It goes on when
// whoever called gives up, as a service does, where it is a program of its own (`serve.mjs`).
import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { faultsFor, isUuid, locked, logCall, newMachine, owner, readState, update } from './account.mjs';
import { boot, copyFolder, folderOf, openFiles, openSessions, remove, signalAll } from './machines.mjs';

let root = '';
let call = '';
let body = {};
let fault = {};

/** Answers one call. What a machine still has to do then, it does by itself. */
export async function serve(account, name, asked) {
  [root, call, body] = [account, name, asked];
  fault = await faultsFor(root, call);
  logCall(root, call, body.id ?? body.commit_id ?? '');
  if (fault.delayMs !== undefined) await sleep(fault.delayMs);
  const answered = fault.status !== undefined && !fault.after ? refusal(fault) : await answer();
  if (fault.leavesPaused) await setState(body.id, 'paused');
  return fault.status !== undefined && fault.after ? refusal(fault) : answered;
}

function refusal({ status, error = 'the stand-in was told to fail' }) {
  return { status, body: { error, success: false } };
}

async function answer() {
  const state = readState(root);
  if (body.id !== undefined && !call.startsWith('commit_') && !call.startsWith('tag_')) {
    if (!isUuid(body.id)) return { status: 400, body: `Invalid URL: Cannot parse vm_id with value ${body.id}` };
    // An unknown machine is forbidden to delete, and nothing else.
    if (state.vms[body.id] === undefined)
      return refusal({ status: call === 'delete' ? 403 : 404, error: 'vm not found' });
  }
  return calls[call](state);
}

const calls = {
  vms: (state) => ok(Object.values(state.vms).map(shownMachine)),
  status: (state) => ok(shownMachine(state.vms[body.id])),
  metadata: (state) => ok(state.vms[body.id]),
  /** With no server of its own: whoever makes it installs one. */
  async new_root() {
    const machine = newMachine({ state: 'running' });
    mkdirSync(folderOf(root, 'vms', machine.vm_id));
    await update(root, (state) => void (state.vms[machine.vm_id] = machine));
    return { status: 201, body: { vm_id: machine.vm_id } };
  },
  commit: () => commit(body.id, { name: body.name, listed: true }).then((made) => ({ status: 201, body: made })),
  async from_commit(state) {
    const from = state.commits[body.commit_id];
    if (!isUuid(body.commit_id))
      return { status: 422, body: 'Failed to deserialize the JSON body: UUID parsing failed' };
    if (from === undefined) return refusal({ status: 404, error: 'commit not found' });
    return { status: 201, body: { vm_id: await machineFrom(from) } };
  },
  async branch() {
    const made = await commit(body.id, { listed: false });
    const from = readState(root).commits[made.commit_id];
    const ids = [];
    for (let count = 0; count < (body.count ?? 1); count += 1) ids.push(await machineFrom(from));
    return { status: 201, body: { vms: ids.map((vm_id) => ({ vm_id })) } };
  },
  async state() {
    await setState(body.id, body.state.toLowerCase());
    return ok('');
  },
  async delete() {
    await update(root, (state) => void delete state.vms[body.id]);
    await remove(folderOf(root, 'vms', body.id));
    return ok({ vm_id: body.id });
  },
  commits: (state) =>
    ok(
      Object.values(state.commits)
        .filter((one) => one.listed)
        .map(shownCommit),
    ),
  async commit_delete(state) {
    if (state.commits[body.id] === undefined) return refusal({ status: 404, error: 'commit not found' });
    const descends = Object.values(state.vms).some((vm) => vm.parent_commit_id === body.id);
    if (descends) return refusal({ status: 409, error: 'commit still has VMs that descend from it' });
    await update(root, (state) => void delete state.commits[body.id]);
    rmSync(folderOf(root, 'commits', body.id), { recursive: true, force: true });
    return { status: 204, body: '' };
  },
  tags: (state) => ok(Object.values(state.tags)),
  tag_create: () =>
    update(root, (state) => {
      const { name, commit_id, description } = body;
      if (!/^[A-Za-z0-9._-]{1,64}$/.test(name)) return refusal({ status: 400, error: 'invalid tag name' });
      if (state.tags[name] !== undefined) return refusal({ status: 409, error: 'tag already exists' });
      if (state.commits[commit_id] === undefined) return refusal({ status: 404, error: 'commit not found' });
      const now = new Date().toISOString();
      state.tags[name] = {
        tag_id: randomUUID(),
        tag_name: name,
        commit_id,
        created_at: now,
        updated_at: now,
        description,
      };
      return { status: 201, body: state.tags[name] };
    }),
  tag_delete: () =>
    update(root, (state) => {
      if (state.tags[body.id] === undefined) return refusal({ status: 404, error: 'tag not found' });
      delete state.tags[body.id];
      return ok('');
    }),
};

function ok(answer) {
  return { status: 200, body: answer };
}

function shownMachine({ vm_id, owner_id, created_at, state }) {
  return { vm_id, owner_id, created_at, state };
}

function shownCommit(commit) {
  return { ...commit, listed: undefined };
}

/** The machine stands still while it is copied. */
async function commit(vm, { name, listed }) {
  const folder = folderOf(root, 'vms', vm);
  const id = randomUUID();
  await locked(`${folder}.lock`, async () => {
    const paused = readState(root).vms[vm]?.state === 'paused';
    const sessions = paused ? [] : await openSessions(folder);
    const files = paused ? [] : await openFiles(folder);
    signalAll(folder, 'SIGSTOP');
    copyFolder(folder, folderOf(root, 'commits', id));
    writeFileSync(join(folderOf(root, 'commits', id), 'sessions.json'), JSON.stringify(sessions));
    writeFileSync(join(folderOf(root, 'commits', id), 'files.json'), JSON.stringify(files));
    if (!paused && !fault.leavesPaused) signalAll(folder, 'SIGCONT');
  });
  const parent = readState(root).vms[vm]?.parent_commit_id;
  await update(root, (state) => {
    state.commits[id] = {
      commit_id: id,
      name: name ?? `commit-${id.slice(0, 8)}`,
      owner_id: owner,
      is_public: false,
      created_at: new Date().toISOString(),
      parent_vm_id: vm,
      ...(parent === undefined ? {} : { grandparent_commit_id: parent }),
      listed,
    };
  });
  return { commit_id: id };
}

/** Answers before the machine runs. */
async function machineFrom(from) {
  const machine = newMachine({
    state: 'running',
    parent_commit_id: from.commit_id,
    grandparent_vm_id: from.parent_vm_id,
  });
  const folder = folderOf(root, 'vms', machine.vm_id);
  copyFolder(folderOf(root, 'commits', from.commit_id), folder);
  await update(root, (state) => void (state.vms[machine.vm_id] = machine));
  boot(folder);
  return machine.vm_id;
}

async function setState(vm, wanted) {
  signalAll(folderOf(root, 'vms', vm), wanted === 'paused' ? 'SIGSTOP' : 'SIGCONT');
  await update(root, (state) => {
    if (state.vms[vm] !== undefined) state.vms[vm].state = wanted;
  });
}
