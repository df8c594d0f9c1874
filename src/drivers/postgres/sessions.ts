import { setTimeout as sleep } from 'node:timers/promises';
import { ForerunError } from '../../error.ts';
import type { Session } from '../../seams/driver.ts';
import { hasCode } from './settings.ts';

/** What the server calls a session of a run, or of nobody's. Behind it, after a space, there may be more. */
export function sessionName(run: string | undefined): string {
  return run === undefined ? 'forerun' : `forerun:${run}`;
}

/** What the server is to call a session of a program that a run has started on main. */
export function programName(run: string): string {
  return `${sessionName(run)} ${program}`;
}

const program = 'program';

/** For `pg_stat_activity AS a`: a session of ours. What a program writes is not ours. */
export const isOurs: string = `(a.application_name = 'forerun' OR (a.application_name LIKE 'forerun:%' AND a.application_name NOT LIKE '% ${program}'))`;

/** Ends all sessions of a run on the whole server, and waits until they are gone. Throws `LOCKED`, naming them. */
export async function endSessionsOf(session: Session, run: string): Promise<void> {
  const start = performance.now();
  for (;;) {
    const pids = await sessionsOf(session, run);
    if (pids.length === 0) return;
    if (performance.now() - start > patience) throw remaining(run, pids, 'they did not end within 30 s');
    try {
      await session.query('SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid', [pids]);
    } catch (error) {
      if (!hasCode(error, '42501')) throw error;
      throw remaining(run, pids, 'this role may not end them: it must be theirs, or a member of pg_signal_backend');
    }
    await sleep(50);
  }
}

/** In milliseconds. A backend that writes much looks up from its work now and then only. */
const patience = 30_000;

async function sessionsOf(session: Session, run: string): Promise<readonly number[]> {
  const rows = await session.query(
    `SELECT a.pid FROM pg_stat_activity AS a WHERE a.pid <> pg_backend_pid() AND split_part(a.application_name, ' ', 1) = $1
        AND a.backend_type IS DISTINCT FROM 'parallel worker' ORDER BY a.pid`,
    [sessionName(run)],
  );
  return rows.map((row) => Number(row['pid']));
}

function remaining(run: string, pids: readonly number[], why: string): ForerunError<'LOCKED'> {
  const list = pids.join(', ');
  return new ForerunError(
    'LOCKED',
    `Sessions of the dead run ${run} are at work on the server still (pid ${list}): ${why}.`,
    {
      details: { holder: run },
      next: `Have them ended by somebody who may: SELECT pg_terminate_backend(pid) FROM unnest(ARRAY[${list}]) AS pid`,
    },
  );
}
