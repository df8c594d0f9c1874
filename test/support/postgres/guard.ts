import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import type { Programs } from './programs.ts';

export interface Guard {
  /** Ends the server and removes its folder. Safe to repeat. */
  end(): Promise<void>;
}

/**
 * A process that waits for its input to close, which the system does when this process dies, however it dies; then it
 * ends the server and removes its folder. The system's memory of a server that was killed is named on line 7 of its file.
 */
export function guard(use: Programs, folder: string): Guard {
  const script = `
    cat >/dev/null
    "$0" stop -D "$1/data" -m immediate -w -t 20 >/dev/null 2>&1
    ipcrm -m "$(sed -n '7s/.* //p' "$1/data/postmaster.pid" 2>/dev/null)" 2>/dev/null
    for attempt in 1 2 3 4 5; do rm -rf "$1" 2>/dev/null && break; sleep 0.2; done`;
  const child = spawn('/bin/sh', ['-c', script, use.pgCtl, folder], {
    ...use.as,
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  child.unref();
  const ended = once(child, 'exit');
  ended.catch(() => undefined);
  // A pipe to a child keeps this process alive otherwise.
  (child.stdin as unknown as { unref(): void }).unref();
  return {
    async end() {
      child.ref();
      child.stdin.end();
      await ended;
      // The guard cannot remove a folder from a parent that is not its user's.
      await rm(folder, { recursive: true, force: true });
    },
  };
}
