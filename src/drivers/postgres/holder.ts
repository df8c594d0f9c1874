import type { LockHolder } from '../../seams/driver.ts';
import { sessionName } from './sessions.ts';

/**
 * Who holds the run lock, as the name of its session: the one thing of another's session that everybody may see. The
 * server keeps 63 bytes of it, so that a long host name is cut.
 */
export function holderName({ run, pid, since, host }: LockHolder): string {
  return `${sessionName(run)} ${pid} ${Date.parse(since).toString(36)} ${host}`.slice(0, 63);
}

/** Undefined for a name that is another's. */
export function holderIn(name: string): LockHolder | undefined {
  const [, run, pid, since, host] = /^forerun:(\S+) (\d+) (\w+) (.*)$/.exec(name) ?? [];
  if (run === undefined || pid === undefined || since === undefined || host === undefined) return undefined;
  return { run, pid: Number(pid), since: new Date(Number.parseInt(since, 36)).toISOString(), host };
}
