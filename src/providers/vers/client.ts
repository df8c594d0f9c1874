import { z } from 'zod';
import { ForerunError } from '../../error.ts';
import { makeAsker, type VersOptions } from './asker.ts';
import type { Grammar } from './grammar.ts';

export interface Machine {
  readonly vm_id: string;
  readonly state: string;
  readonly created_at: string;
}

export interface MachineDetails extends Machine {
  readonly parent_commit_id?: string | null | undefined;
  readonly grandparent_vm_id?: string | null | undefined;
}

export interface Commit {
  readonly commit_id: string;
  readonly created_at: string;
  readonly name?: string | null | undefined;
  readonly parent_vm_id?: string | null | undefined;
}

export interface Tag {
  readonly tag_name: string;
  readonly commit_id: string;
}

/**
 * What is asked of Vers, each by one call of its command line. Machines and commits are named by their UUIDs alone: an
 * alias or HEAD is another's to move. What changes something is asked for once, and throws `InDoubt` where it may have
 * happened.
 */
export interface Vers {
  readonly options: VersOptions;
  grammar(): Promise<Grammar>;
  machines(): Promise<readonly Machine[]>;
  /** Answers the id of a machine with nothing on it. */
  newMachine(size: { readonly memoryMib: number; readonly diskMib: number }): Promise<string>;
  status(vm: string): Promise<Machine>;
  details(vm: string): Promise<MachineDetails>;
  /** Answers the commit's id. Where the command line takes names, the commit gets that one. */
  commit(vm: string, name: string, copy: string): Promise<string>;
  commits(): Promise<readonly Commit[]>;
  deleteCommit(id: string): Promise<void>;
  tag(name: string, commit: string, description: string): Promise<void>;
  tags(): Promise<readonly Tag[]>;
  deleteTag(name: string): Promise<void>;
  /** Answers the id of the new machine. */
  fromCommit(commit: string, copy: string): Promise<string>;
  branch(vm: string, copy: string): Promise<string>;
  resume(vm: string): Promise<void>;
  deleteMachine(vm: string): Promise<void>;
}

const uuid: z.ZodType<string> = z.uuid();
const machineShape = { vm_id: uuid, state: z.string(), created_at: z.string() };
const machine: z.ZodType<Machine> = z.object(machineShape);
const details: z.ZodType<MachineDetails> = z.object({
  ...machineShape,
  parent_commit_id: z.string().nullish(),
  grandparent_vm_id: z.string().nullish(),
});
const commit: z.ZodType<Commit> = z.object({
  commit_id: uuid,
  name: z.string().nullish(),
  created_at: z.string(),
  parent_vm_id: z.string().nullish(),
});
const tag: z.ZodType<Tag> = z.object({ tag_name: z.string(), commit_id: uuid });

export function makeVers(options: VersOptions): Vers {
  const { grammar, read, change, make, list } = makeAsker(options);
  return {
    options,
    grammar,
    machines: () => list('Listing the VMs', ['status'], machine),
    async newMachine({ memoryMib, diskMib }) {
      const args = ['run', '--mem-size', String(memoryMib), '--fs-size-vm', String(diskMib)];
      return (await make('A new VM', args, z.object({ vm_id: uuid }), {})).vm_id;
    },
    status: (vm) => read(`Looking at VM ${vm}`, ['status', ensureUuid(vm)], machine, vm),
    async details(vm) {
      const verb = (await grammar()) === 'newest' ? 'get' : 'info';
      return read(`Looking at VM ${vm}`, [verb, ensureUuid(vm)], details, vm);
    },
    async commit(vm, name, copy) {
      const named = (await grammar()) === 'newest' ? ['--name', name] : [];
      const args = ['commit', 'create', ensureUuid(vm), ...named];
      return (await make(`The commit of VM ${vm}`, args, z.object({ commit_id: uuid }), { vm, copy })).commit_id;
    },
    commits: () => list('Listing the commits', ['commit', 'list'], commit),
    async deleteCommit(id) {
      await change(`Deleting commit ${id}`, ['commit', 'delete', ensureUuid(id)], {});
    },
    async tag(name, of, description) {
      await change(`Tagging commit ${of}`, ['tag', 'create', name, ensureUuid(of), '-d', description], {});
    },
    tags: () => list('Listing the tags', ['tag', 'list'], tag),
    async deleteTag(name) {
      await change(`Deleting tag ${name}`, ['tag', 'delete', name], {});
    },
    async fromCommit(of, copy) {
      const args = ['run-commit', ensureUuid(of)];
      return (await make(`A VM from commit ${of}`, args, z.object({ vm_id: uuid }), { vm: of, copy })).vm_id;
    },
    async branch(vm, copy) {
      const shape = z.object({ new_ids: z.tuple([uuid], uuid) });
      return (await make(`The branch of VM ${vm}`, ['branch', ensureUuid(vm)], shape, { vm, copy })).new_ids[0];
    },
    async resume(vm) {
      await change(`Resuming VM ${vm}`, ['resume', ensureUuid(vm)], { vm });
    },
    async deleteMachine(vm) {
      await change(`Deleting VM ${vm}`, ['delete', '-y', ensureUuid(vm)], { vm });
    },
  };
}

/** Throws for an alias, a tag or nothing: the command line would take HEAD for that, or fail in other words. */
export function ensureUuid(id: string): string {
  if (uuid.safeParse(id).success) return id;
  throw new ForerunError('USAGE', `"${id}" is no id of Vers.`, {
    details: {},
    next: 'Give the UUID, as vers status shows it: an alias belongs to one machine and one user, and may be moved.',
  });
}
