// Part of a stand-in for Vers, for tests alone: the commands of its command line. Only those that somebody types here.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolveAlias, setAlias } from './aliases.mjs';
import { ask } from './ask.mjs';
import { isUuid } from './account.mjs';
import { execute } from './execute.mjs';
import { Failure } from './failure.mjs';
import { parse } from './flags.mjs';
import { openTunnel } from './tunnel.mjs';

const format = { format: 'text', json: 'flag' };

export const commands = {
  'agent-context': {
    newest: true,
    run: async () => print({ schema_version: '1', name: 'vers', commands: [{ name: 'branch' }, { name: 'commit' }] }),
  },
  run: {
    async run(at, args) {
      const sizes = { 'mem-size': 'text', 'vcpu-count': 'text', 'fs-size-vm': 'text', rootfs: 'text', kernel: 'text' };
      const { flags } = parse(args, at, { ...format, ...sizes, 'vm-alias|N': 'text', wait: 'flag' });
      warnWithoutToml(at);
      const { vm_id } = await ask(at.root, 'new_root', {});
      mkdirSync('.vers', { recursive: true });
      writeFileSync('.vers/HEAD', `${vm_id}\n`);
      if (flags['vm-alias'] !== undefined) setAlias(flags['vm-alias'], vm_id);
      say(flags, { vm_id, head: vm_id }, `VM ${vm_id} started; HEAD now points to it`);
    },
  },
  branch: {
    async run(at, args) {
      const { flags, given } = parse(args, at, { ...format, 'alias|n': 'text', count: 'text', wait: 'flag' }, 1);
      const { vm, usedHead } = await target(at, given[0]);
      const count = Number(flags.count ?? 1);
      if (count > 1 && flags.alias !== undefined) throw new Failure('--alias cannot be used with --count');
      const { vms } = await ask(at.root, 'branch', { id: vm, count });
      const new_ids = vms.map(({ vm_id }) => vm_id);
      if (flags.alias !== undefined) setAlias(flags.alias, new_ids[0]);
      const shown = {
        from_id: vm,
        from_name: given[0] ?? vm,
        new_ids,
        ...(flags.alias && { new_alias: flags.alias }),
        ...(usedHead && { used_head: true }),
      };
      say(flags, shown, `New VM created: ${new_ids.join(', ')}`);
    },
  },
  commit: {
    async run(at, [verb, ...args]) {
      if (verb === 'create') return createCommit(at, args);
      if (verb === 'list') {
        const { flags } = parse(args, at, { ...format, public: 'flag', 'quiet|q': 'flag', ...pages(at) });
        return say(flags, paged(at, flags, await ask(at.root, 'commits', {})), 'a table for people');
      }
      if (verb === 'delete') {
        const { given } = parse(args, at, {}, Infinity);
        for (const id of given) await ask(at.root, 'commit_delete', { id });
        return process.stdout.write(`✓ Deleted ${given.length} commit(s)\n`);
      }
      parse(verb === undefined ? [] : [verb, ...args], at, {});
      const { vm } = await target(at, undefined);
      process.stdout.write(`Commit ID: ${(await ask(at.root, 'commit', { id: vm })).commit_id}\n`);
    },
  },
  'run-commit': {
    async run(at, args) {
      const { flags, given } = parse(
        args,
        at,
        { ...format, 'vm-alias|N': 'text', wait: 'flag', ...(at.newest && { ref: 'flag' }) },
        1,
      );
      warnWithoutToml(at);
      const { vm_id } = await ask(at.root, 'from_commit', { commit_id: given[0] });
      // It says that HEAD moved, and does not move it.
      say(flags, { vm_id, head: vm_id, commit_key: given[0] }, `VM ${vm_id} restored; HEAD now points to it`);
    },
  },
  tag: {
    async run(at, [verb, ...args]) {
      const { flags, given } = parse(
        args,
        at,
        { ...format, 'description|d': 'text', 'quiet|q': 'flag', ...pages(at) },
        Infinity,
      );
      if (verb === 'create') {
        await ask(at.root, 'tag_create', { name: given[0], commit_id: given[1], description: flags.description });
        return process.stdout.write(`✓ Tag '${given[0]}' created\n`);
      }
      if (verb === 'list') return say(flags, paged(at, flags, await ask(at.root, 'tags', {})), 'a table for people');
      if (verb !== 'delete') throw new Failure(`unknown command "${verb}" for "vers tag"`);
      for (const id of given) await ask(at.root, 'tag_delete', { id });
      process.stdout.write('✓ Tag deleted\n');
    },
  },
  exec: { run: execute },
  execute: { run: execute },
  status: {
    async run(at, args) {
      const { flags, given } = parse(args, at, { ...format, 'quiet|q': 'flag', ...pages(at) }, 1);
      // An alias does not resolve here.
      if (given[0] !== undefined && !isUuid(given[0]))
        throw new Failure(`status: API error 404: ${given[0]} not found`);
      if (given[0] !== undefined)
        return say(flags, await ask(at.root, 'status', { id: given[0] }), 'a table for people');
      say(flags, paged(at, flags, await ask(at.root, 'vms', {})), 'a table for people');
    },
  },
  info: { run: info },
  get: { newest: true, run: info },
  pause: { run: (at, args) => setState(at, args, 'Paused') },
  resume: { run: (at, args) => setState(at, args, 'Running') },
  delete: { run: remove },
  kill: { run: remove },
  tunnel: { run: openTunnel },
  head: {
    async run(at) {
      process.stdout.write(`${(await target(at, undefined)).vm}\n`);
    },
  },
};

async function createCommit(at, args) {
  const more = at.newest ? { 'name|n': 'text', 'description|d': 'text', public: 'flag' } : {};
  const { flags, given } = parse(args, at, { ...format, ...more }, 1);
  const { vm, usedHead } = await target(at, given[0]);
  const { commit_id } = await ask(at.root, 'commit', { id: vm, name: flags.name });
  const named = at.newest ? { name: flags.name ?? '', tags_written: [], is_public: false } : {};
  say(flags, { commit_id, vm_id: vm, ...(usedHead && { used_head: true }), ...named }, `Commit ID: ${commit_id}`);
}

async function info(at, args) {
  const { flags, given } = parse(args, at, { ...format, 'quiet|q': 'flag' }, 1);
  const { vm } = await target(at, given[0]);
  const { parent_commit_id = '', grandparent_vm_id = '', ...machine } = await ask(at.root, 'metadata', { id: vm });
  const shown = { ...machine, ip: 'fd00::1', deleted_at: '0001-01-01T00:00:00Z', grandparent_vm_id, parent_commit_id };
  say(flags, shown, 'a table for people');
}

async function setState(at, args, state) {
  const { flags, given } = parse(args, at, { ...format, wait: 'flag' }, 1);
  const { vm } = await target(at, given[0]);
  await ask(at.root, 'state', { id: vm, state });
  say(flags, { state, vm_id: vm }, `VM is ${state}`);
}

async function remove(at, args) {
  const { flags, given } = parse(args, at, { 'yes|y': 'flag' }, Infinity);
  // Nobody can be asked: input is closed.
  if (!flags.yes) throw new Failure('operation cancelled by user', { code: 7 });
  for (const id of given) await ask(at.root, 'delete', { id: resolveAlias(id) });
  process.stdout.write(`✓ Deleted ${given.length} VM(s)\n`);
}

/** Without one it is what HEAD in the working directory names. */
async function target(at, name) {
  if (name !== undefined) return { vm: resolveAlias(name), usedHead: false };
  if (!existsSync('.vers/HEAD')) throw new Failure('no HEAD: not found, run vers checkout first');
  return { vm: readFileSync('.vers/HEAD', 'utf8').trim(), usedHead: true };
}

function warnWithoutToml({ newest }) {
  const stream = newest ? process.stderr : process.stdout;
  if (!existsSync('vers.toml')) stream.write('Warning: vers.toml not found, using default configuration\n');
}

const pages = ({ newest }) => (newest ? { limit: 'text', offset: 'text' } : {});

/** What came later cuts a list, and then wraps it. */
function paged({ root, newest }, flags, all) {
  const file = join(root, 'most');
  // The service need not give as many as are asked for.
  const most = existsSync(file) ? Number(readFileSync(file, 'utf8')) : Infinity;
  const [limit, offset] = [Math.min(Number(flags.limit ?? '50'), most), Number(flags.offset ?? '0')];
  if (!newest || all.length <= limit) return all;
  const items = all.slice(offset, offset + limit);
  return {
    items,
    total: all.length,
    limit,
    offset,
    truncated: true,
    next_offset: offset + items.length,
    hint: 'use --limit',
  };
}

function say({ json }, value, text) {
  if (json) print(value);
  else process.stdout.write(`${text}\n`);
}

function print(value) {
  process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
}
