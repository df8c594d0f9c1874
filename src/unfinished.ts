import { hostname } from 'node:os';
import { isAlive } from './process.ts';
import type { JournalEntry } from './seams/records.ts';

/** Whether the process of a run that has not finished still runs; undefined where it is another host's. */
export function isGoingOn({ host, pid }: Pick<JournalEntry, 'host' | 'pid'>): boolean | undefined {
  return host === hostname() ? isAlive({ host, pid }) : undefined;
}
