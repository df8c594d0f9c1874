import { ForerunError } from '../../error.ts';

/** Who runs the private servers; empty where that is this process's own user. */
export interface ServerUser {
  readonly uid?: number;
  readonly gid?: number;
}

/** A server refuses to run as root, so root has the system's user `postgres` run it. */
export async function serverUser(): Promise<ServerUser> {
  if (process.geteuid?.() !== 0) return {};
  const { execa } = await import('execa');
  const [uid, gid] = await Promise.all(['-u', '-g'].map((flag) => execa('id', [flag, 'postgres'], { reject: false })));
  if (uid !== undefined && gid !== undefined && !uid.failed && !gid.failed) {
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  }
  throw new ForerunError('PROVIDER_FAILED', 'PostgreSQL does not run as root, and this machine has no user postgres.', {
    details: {},
    next: 'Run Forerun as another user.',
  });
}

/** Throws where the servers' user does not get at the folder. */
export async function ensureReachable(folder: string, as: ServerUser): Promise<void> {
  const { execa } = await import('execa');
  const { failed } = await execa('test', ['-x', folder], { ...as, cwd: '/', reject: false });
  if (!failed) return;
  throw new ForerunError('PROVIDER_FAILED', `The user postgres, who runs private servers, cannot get at ${folder}.`, {
    details: {},
    next: "Name another folder (the provider's option folder), or let everybody pass through the folders above it.",
  });
}
