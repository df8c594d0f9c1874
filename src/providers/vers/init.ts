import { isInVm, placeOf, targetIn } from '../../drivers/sqlite-in-vm/address.ts';
import { ForerunError } from '../../error.ts';
import { makeVers, type Machine, type Vers } from './client.ts';
import { execIn } from './exec.ts';
import { fileFound, serverFound } from './init-inside.ts';
import { certain } from './settle.ts';
import type { ProviderFound } from '../../verbs/init/provider.ts';

export interface VersInit {
  /** UUID of the VM that main is in or is to be in; `new` makes one. */
  readonly vm?: string | undefined;
  /** The command line of Vers. @default 'vers' */
  readonly cli?: string | undefined;
  /**
   * Address of main, where it is to be a file in the VM: `vers:/srv/app.db`. Any other leads through a tunnel, and is for the
   * environment to say.
   * @default a database of a PostgreSQL server there
   */
  readonly database?: string | undefined;
}

/**
 * Looks for the command line of Vers, its key and the VM, or makes one, and says what is still to be typed until a database
 * answers there. Throws where it cannot be told which VM is meant.
 */
export async function versFound({ vm, cli, database }: VersInit): Promise<ProviderFound> {
  const path = database !== undefined && isInVm(database) ? placeOf(targetIn(database, anyVm)).path : undefined;
  const client = makeVers({ cli: cli ?? 'vers', limitMs: callLimitMs });
  const machine = vm === 'new' ? await newMachine(client) : await knownMachine(client, vm);
  const id = machine.vm_id;
  const paused = machine.state.toLowerCase() === 'paused';
  // A VM that stands still answers nothing.
  const look = async (script: string): Promise<number | undefined> =>
    paused ? undefined : (await execIn(client, id, script, lookLimitMs)).code;
  const inside = path === undefined ? await serverFound(id, look) : await fileFound(id, path, look);
  return {
    found: `VM ${id} of Vers${vm === 'new' ? ', which was made' : ''}${inside.found}`,
    name: 'vers',
    options: `{ vm: '${id}'${cli === undefined ? '' : ", cli: process.env.FORERUN_VERS_CLI ?? 'vers'"} }`,
    database: `process.env.DATABASE_URL ?? '${inside.database.replaceAll(/['\\]/g, String.raw`\$&`)}'`,
    steps: [...(paused ? [`Have the VM go on: vers resume ${id}`] : []), ...inside.steps],
  };
}

/** The address names none: which one it is, is what is found out. */
const anyVm = '00000000-0000-4000-8000-000000000000';

const callLimitMs = 200_000;
const lookLimitMs = 30_000;

/** Large enough for a small database; a disk can be made larger later, by `vers resize`. */
const size = { memoryMib: 1024, diskMib: 4096 };

async function newMachine(client: Vers): Promise<Machine> {
  const before = new Set((await client.machines()).map(({ vm_id }) => vm_id));
  const { id } = await certain(
    () => client.newMachine(size),
    async () => (await client.machines()).map(({ vm_id }) => vm_id).filter((one) => !before.has(one)),
  );
  return client.status(id);
}

async function knownMachine(client: Vers, vm: string | undefined): Promise<Machine> {
  if (vm !== undefined) return client.status(vm);
  const machines = await client.machines();
  const there =
    machines.length === 0
      ? 'This account has none yet'
      : `This account has: ${machines.map(({ vm_id, state }) => `${vm_id} (${state})`).join(', ')}`;
  throw new ForerunError('USAGE', `Which VM main is in is for you to say. ${there}.`, {
    details: {},
    next: 'Take one: forerun init --provider vers --vm <UUID>. Or have one made: forerun init --provider vers --vm new',
  });
}
