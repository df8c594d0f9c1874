import { setTimeout as sleep } from 'node:timers/promises';
import { ForerunError, isForerunError } from '../../error.ts';
import type { Row } from '../../seams/driver.ts';
import type { Target } from '../../seams/target.ts';
import { openSession, type ServerSession } from '../postgres/session.ts';
import { forgetGenerations } from './generation.ts';
import type { MadeRecord } from './inside.ts';
import { notEnded, quieten } from './quiet.ts';
import { markCopy, proves } from './records.ts';
import { recordsOf, type ServerOptions } from './serving.ts';

/**
 * The first acts on a VM that was made: waits until its database answers, looks whether it was made from what we think,
 * and ends what its memory carried along, sessions with their locks and open transactions, those of ours among them.
 * Answers in words what was found.
 */
export async function arrive(
  options: ServerOptions,
  target: Target,
  { id, vm, main, proof, made }: MadeRecord,
): Promise<readonly string[]> {
  await using session = await answering(recordsOf(target, options.maintenance), made, options.readyLimitMs);
  if (!(await proves(session, proof))) throw elsewhere(vm, main);
  await markCopy(session, id);
  await forgetGenerations(session);
  return await quieten(options, { id, vm: made, what: 'open session' }, async () =>
    (await endAll(session)).map(inWords),
  );
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
    if (performance.now() > deadline) throw notEnded(left.length, 'session');
    await sleep(20);
  }
}

const endLimitMs = 30_000;

function inWords({ database, name, busy }: Row): string {
  const who = String(name).startsWith('forerun')
    ? "Forerun's own"
    : String(name) === ''
      ? 'one without a name'
      : `"${String(name)}"`;
  return `${who} in "${String(database)}"${busy === true ? ', inside a transaction' : ''}`;
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
