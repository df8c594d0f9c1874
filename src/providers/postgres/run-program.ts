import type { Options } from 'execa';
import { ForerunError } from '../../error.ts';
import type { ProgramAddress } from './address.ts';

export interface ProgramRun {
  readonly address?: ProgramAddress;
  readonly run?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** User to run it as, where not ours. */
  readonly as?: { readonly uid?: number; readonly gid?: number };
}

/**
 * Runs one of PostgreSQL's programs, never through a shell. Passwords go by its environment, which other users cannot
 * read. Its sessions are named as ours are. Throws the program's own first complaint, without details and contexts.
 */
export async function runProgram(path: string, args: readonly string[], options: ProgramRun): Promise<void> {
  const { address, run, signal, as } = options;
  const { execa } = await import('execa');
  signal?.throwIfAborted();
  const settings: Options = {
    ...as,
    cwd: '/',
    reject: false,
    stdin: 'ignore',
    stdout: 'ignore',
    env: {
      ...address?.env,
      PGAPPNAME: run === undefined ? 'forerun' : `forerun:${run}`,
      // Of the programs' words, so that they can be told apart.
      LC_MESSAGES: 'C',
    },
    // A group of its own, because these programs have children that do not end with them.
    detached: true,
  };
  const running = execa(path, [...args], settings);
  const end = (): void => endGroup(running.pid);
  signal?.addEventListener('abort', end);
  const result = await running;
  signal?.removeEventListener('abort', end);
  if (!result.failed) return;
  signal?.throwIfAborted();
  const program = path.split('/').at(-1) ?? path;
  throw new ForerunError('PROVIDER_FAILED', `${program} failed: ${complaint(String(result.stderr), result)}`, {
    details: {},
    next: `It was ${path}; the message above is its own.`,
  });
}

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGTERM');
  } catch {
    // It has ended by itself.
  }
}

/** DETAIL, CONTEXT and "Command was" hold rows and values. */
function complaint(stderr: string, result: { readonly exitCode?: number; readonly signal?: string }): string {
  const lines = stderr.split('\n').flatMap((line) => {
    const said = /(?:error|fatal|FATAL|ERROR):\s+(.*)$/.exec(line)?.[1];
    return said === undefined || said.includes('DETAIL:') ? [] : [said];
  });
  if (lines.length > 0) return [...new Set(lines)].slice(0, 3).join(' / ');
  return result.signal === undefined ? `it ended with ${result.exitCode ?? 'no'} code` : `ended by ${result.signal}`;
}
