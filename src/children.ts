import { hostname } from 'node:os';
import { ForerunError } from './error.ts';
import { isReused } from './process.ts';
import { endGroup } from './process-group.ts';
import type { JournalEntry } from './seams/records.ts';

/**
 * Ends what still lives on this host of the programs that a dead run had started on main, each with its whole group, and
 * waits until it is gone. Throws `LOCKED`, naming it, where that cannot be done. What runs on another host cannot be seen
 * from here; its sessions on a server are found by their name.
 */
export async function endChildren({ run, children = [] }: Pick<JournalEntry, 'run' | 'children'>): Promise<void> {
  for (const child of children) {
    if (child.host !== hostname() || isReused(child)) continue;
    const left = await endGroup(child.pid);
    if (left.length > 0) throw remaining(run, left);
  }
}

function remaining(run: string, pids: readonly number[]): ForerunError<'LOCKED'> {
  const list = pids.join(' ');
  return new ForerunError(
    'LOCKED',
    `What the dead run ${run} had started on main is at work still (process ${list}): it could not be ended.`,
    { details: { holder: run }, next: `Have it ended by somebody who may: kill -9 ${list}` },
  );
}
