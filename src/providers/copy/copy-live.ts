import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';

/**
 * Copies a live database file, `shared` by sharing its blocks, `whole` byte for byte; false where that did not work. A
 * child process does it: closing a descriptor of the file here would drop every lock that SQLite holds on it in this
 * process. It is started without execa, which takes longer to load than 100 MB take to copy.
 */
export async function copyLive(
  from: string,
  to: string,
  way: 'shared' | 'whole',
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const mac = process.platform === 'darwin';
  // macOS shares blocks only under a name that does not exist yet. Elsewhere `to` is there before, for its owner only.
  if (mac && way === 'shared') await rm(to, { force: true });
  else await writeFile(to, '', { mode: 0o600 });
  const sharing = mac ? '-c' : '--reflink=always';
  const child = spawn('cp', [...(way === 'shared' ? [sharing] : []), '--', from, to], { stdio: 'ignore', signal });
  const code = await once(child, 'close').then(
    ([status]) => status as number | null,
    () => null,
  );
  signal?.throwIfAborted();
  return code === 0;
}
