import { setTimeout as sleep } from 'node:timers/promises';
import { ForerunError, isForerunError } from '../../error.ts';
import type { Row } from '../../seams/driver.ts';
import type { Target } from '../../seams/target.ts';
import { databaseOf } from '../postgres/address.ts';
import { openSession, type ServerSession } from '../postgres/session.ts';
import { execIn } from './exec.ts';
import { forgetGenerations } from './generation.ts';
import { markCopy, proves, type VersRecord } from './records.ts';
import { recordsOf, type World } from './world.ts';

/**
 * The first acts on a VM that was made: waits until its database answers, looks whether it was made from what we think,
 * and ends what its memory carried along, sessions with their locks and open transactions, those of ours among them.
 * Answers in words what was found.
 */
export async function arrive(
  world: World,
  target: Target,
  record: VersRecord & { readonly made: string },
): Promise<readonly string[]> {
  const { id, proof, made } = record;
  await using session = await answering(recordsOf(target, world.maintenance), made, world.readyLimitMs);
  if (!(await proves(session, proof))) throw elsewhere(world.vm, databaseOf(target));
  await markCopy(session, id);
  await forgetGenerations(session);
  const found = await endAll(session);
  const said =
    found.length === 0
      ? []
      : [
          `It carried ${found.length} open ${found.length === 1 ? 'session' : 'sessions'} along, which were ended: ${inWords(found)}.`,
        ];
  if (world.quiesce === undefined) return said;
  const { code } = await execIn(world.vers, made, world.quiesce, world.quiesceLimitMs);
  if (code !== 0) throw notQuiet(id, world.quiesce, code);
  const back = await endAll(session);
  const again = back.length === 0 ? '' : ` ${back.length} sessions had come back and were ended: ${inWords(back)}.`;
  return [...said, `In the copy "${world.quiesce}" was run.${again}`];
}

async function answering(target: Target, vm: string, limitMs: number): Promise<ServerSession> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    try {
      return await openSession(target);
    } catch (error) {
      if (!isForerunError(error, 'UNREACHABLE')) throw error;
      if (performance.now() > deadline) throw notReady(vm, limitMs, error);
    }
    await sleep(50);
  }
}

/** The whole server is the copy's alone. */
async function endAll(session: ServerSession): Promise<readonly Row[]> {
  const others = `FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`;
  const found = await session.query(
    `SELECT datname AS database, application_name AS name, state LIKE 'idle in transaction%' OR state = 'active' AS busy ${others}`,
  );
  const deadline = performance.now() + endLimitMs;
  for (;;) {
    const left = await session.query(`SELECT pid, pg_terminate_backend(pid) ${others}`);
    if (left.length === 0) return found;
    if (performance.now() > deadline) throw notEnded(left.length);
    await sleep(20);
  }
}

const endLimitMs = 30_000;

function inWords(sessions: readonly Row[]): string {
  const each = sessions.map(({ database, name, busy }) => {
    const who = String(name).startsWith('forerun')
      ? "Forerun's own"
      : String(name) === ''
        ? 'one without a name'
        : `"${String(name)}"`;
    return `${who} in "${String(database)}"${busy === true ? ', inside a transaction' : ''}`;
  });
  const counted = [...new Set(each)].map((text) => {
    const times = each.filter((other) => other === text).length;
    return times === 1 ? text : `${times} times ${text}`;
  });
  return counted.join('; ');
}

function elsewhere(vm: string, database: string): ForerunError<'PROVIDER_FAILED'> {
  return new ForerunError(
    'PROVIDER_FAILED',
    `The address of "${database}" does not lead into VM ${vm}: what was written there is not in the VM's copy.`,
    { details: {}, next: `Open a tunnel to that VM, and give its address: vers tunnel ${vm} 6432:5432` },
  );
}

function notReady(vm: string, limitMs: number, cause: unknown): ForerunError<'PROVIDER_FAILED'> {
  return new ForerunError('PROVIDER_FAILED', `The database in VM ${vm} gave no answer for ${limitMs / 1000} s.`, {
    details: {},
    next: "Does it run in the main VM, on the port that the provider's option port names (5432)?",
    cause,
  });
}

function notEnded(count: number): ForerunError<'PROVIDER_FAILED'> {
  return new ForerunError('PROVIDER_FAILED', `${count} sessions that came along in a copy could not be ended.`, {
    details: {},
    next: 'Name a command that stops what opens them again: vers({ …, quiesce: "systemctl stop app" })',
  });
}

function notQuiet(id: string, command: string, code: number): ForerunError<'PROVIDER_FAILED'> {
  return new ForerunError('PROVIDER_FAILED', `"${command}" ended with ${code} in ${id}: it may not be quiet.`, {
    details: { copy: id },
    next: 'Try the command in a VM of your own, and correct the option quiesce.',
  });
}
