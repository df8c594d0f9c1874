import { ForerunError } from '../../error.ts';
import { makeVers, type Machine, type Vers } from './client.ts';
import { execIn } from './exec.ts';
import { certain } from './settle.ts';
import type { ProviderFound } from '../../verbs/init/provider.ts';

export interface VersInit {
  /** UUID of the VM that main is in or is to be in; `new` makes one. */
  readonly vm?: string | undefined;
  /** The command line of Vers. @default 'vers' */
  readonly cli?: string | undefined;
}

/**
 * Looks for the command line of Vers, its key and the VM, or makes one, and says what is still to be typed until a database
 * answers there. Throws where it cannot be told which VM is meant.
 */
export async function versFound({ vm, cli }: VersInit): Promise<ProviderFound> {
  const client = makeVers({ cli: cli ?? 'vers', limitMs: callLimitMs });
  const machine = vm === 'new' ? await newMachine(client) : await knownMachine(client, vm);
  const id = machine.vm_id;
  const paused = machine.state.toLowerCase() === 'paused';
  // A VM that stands still answers nothing.
  const answers = !paused && (await execIn(client, id, 'pg_isready -q', lookLimitMs)).code === 0;
  return {
    found: `VM ${id} of Vers${vm === 'new' ? ', which was made' : ''}${answers ? ', where PostgreSQL answers' : ''}`,
    name: 'vers',
    options: `{ vm: '${id}'${cli === undefined ? '' : ", cli: process.env.FORERUN_VERS_CLI ?? 'vers'"} }`,
    database: `process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:${localPort}/app'`,
    steps: [
      ...(paused ? [`Have the VM go on: vers resume ${id}`] : []),
      ...(answers ? [] : install(id)),
      'Where main is not there yet, make it:',
      `  vers exec -t 60 ${id} bash -c 'runuser -u postgres -- createdb app'`,
      'Open a way to it, and leave it open:',
      `  vers tunnel ${id} ${localPort}:5432`,
      'In another terminal, fill it where it is empty, and look whether all is well:',
      `  psql postgres://postgres@127.0.0.1:${localPort}/app -f <your schema and data>.sql`,
      '  npx forerun doctor',
    ],
  };
}

const callLimitMs = 200_000;
const lookLimitMs = 30_000;
const localPort = 6432;

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

/** Its server listens to the VM alone, where the tunnel ends: there nobody else would be asked for a password. */
function install(vm: string): readonly string[] {
  const trust = 'sed -i "/^host/s/scram-sha-256/trust/" /etc/postgresql/*/main/pg_hba.conf';
  return [
    'PostgreSQL does not answer there. Install it, of the version that you want:',
    `  vers exec -t 600 ${vm} bash -c 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql'`,
    'Let in who comes through a tunnel, without a password, and start it:',
    `  vers exec -t 60 ${vm} bash -c '${trust} && service postgresql restart'`,
  ];
}
