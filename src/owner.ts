import { lchown, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';

/**
 * Gives what root has just made to the owner of `like`: a deploy as root must not lock out the user who deploys
 * otherwise. For every other user it does nothing, and where root itself may not (a file system over the network, a
 * container without that right) all stays root's.
 */
export async function giveToOwnerOf(like: string, ...made: readonly string[]): Promise<void> {
  if (process.geteuid?.() !== 0) return;
  const { uid, gid } = await stat(like);
  for (const path of made) await lchown(path, uid, gid).catch(unlessRefused);
}

function unlessRefused(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) throw error;
}

/** Who may not write there, for a command that a person can paste. */
export function thisUser(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? '<user>');
  }
}
