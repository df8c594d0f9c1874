import { setTimeout as sleep } from 'node:timers/promises';
import { commandWords } from '../../checks/command-words.ts';
import { ForerunError, messageOf } from '../../error.ts';
import type { Target } from '../../seams/target.ts';
import { addressOf, databaseOf } from '../postgres/address.ts';
import { readGeneration, writeGeneration, type Generation } from './generation.ts';
import { openRecords, type Serving } from './serving.ts';

/**
 * Has whoever uses main use its successor, and waits until main's own address leads there. Nobody can write to the VM that
 * main was in any more, so that this may be repeated until it succeeds. `there` leads to the successor in any case.
 */
export async function handOver(
  serving: Serving,
  main: Target,
  there: Target,
  { vm, other }: Generation,
): Promise<void> {
  const { command, limitMs } = serving.handOver ?? { limitMs: 0 };
  try {
    if (command !== undefined) await runCommand(command, limitMs, { from: vm, to: other, address: there.variable });
    const port = portOf(main);
    // What leads to main on this machine is ours to move.
    if (await serving.tunnels.leads(port, vm)) await serving.tunnels.move(port, vm, other);
    await untilThere(serving, main, other);
  } catch (error) {
    throw notHandedOver(vm, other, error);
  }
  await using session = await openRecords(serving, main);
  const found = await readGeneration(session, databaseOf(main));
  if (found !== undefined) serving.ours.push(...(await writeGeneration(session, { ...found, handedOver: true })));
}

/** Without a command there must be a way to main that is ours. Throws before anything is done. */
export async function ensureMovable(serving: Serving, vm: string, main: Target): Promise<void> {
  if (serving.handOver?.command !== undefined || (await serving.tunnels.leads(portOf(main), vm))) return;
  throw new ForerunError('CONFIG', `No tunnel of this machine leads from main's address to VM ${vm}.`, {
    details: { keys: ['provider'] },
    next: `With unshared, Forerun moves the tunnel itself: vers tunnel ${vm} ${portOf(main)}:5432. Else name a command: vers({ …, handOver: '<command>' })`,
  });
}

function portOf(main: Target): number {
  return Number(/:(\d+)$/.exec(addressOf(main).authority)?.[1] ?? 5432);
}

async function runCommand(
  command: string,
  limitMs: number,
  { from, to, address }: { readonly from: string; readonly to: string; readonly address: string },
): Promise<void> {
  const { execa } = await import('execa');
  const [program = '', ...args] = commandWords(command);
  const result = await execa(program, args, {
    env: { FORERUN_VERS_VM: to, FORERUN_VERS_OLD_VM: from, FORERUN_VERS_ADDRESS: address },
    preferLocal: true,
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'ignore',
    reject: false,
    timeout: limitMs,
    forceKillAfterDelay: 2000,
  });
  if (result.exitCode === 0) return;
  const why = result.timedOut
    ? `did not end within ${limitMs / 1000} s`
    : `ended with ${result.exitCode ?? result.code}`;
  throw new Error(`"${command}" ${why}`);
}

/** Which VM an address leads to, that VM's own database says. */
async function untilThere(serving: Serving, main: Target, vm: string): Promise<void> {
  const deadline = performance.now() + serving.readyLimitMs;
  for (;;) {
    const found = await lookThere(serving, main);
    if (found === vm) return;
    if (performance.now() > deadline) throw new Error(`main's address still leads to VM ${found ?? 'nowhere'}`);
    await sleep(100);
  }
}

/** Nobody may answer while it is moved. */
async function lookThere(serving: Serving, main: Target): Promise<string | undefined> {
  try {
    await using session = await openRecords(serving, main);
    return (await readGeneration(session, databaseOf(main)))?.vm;
  } catch {
    return undefined;
  }
}

function notHandedOver(from: string, to: string, cause: unknown): ForerunError<'NEEDS_PERSON'> {
  return new ForerunError(
    'NEEDS_PERSON',
    `Main is VM ${to} now, and nobody can write to VM ${from} any more, but handing it over has failed: ${messageOf(cause)}.`,
    {
      details: {},
      next: `Mend that; the next run (forerun up --safe) hands it over again. Then write VM ${to} into the configuration.`,
      cause,
    },
  );
}
