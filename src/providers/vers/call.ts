import { chmod, lstat, mkdir } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { ForerunError } from '../../error.ts';

export interface CallOptions {
  /** The `vers` program. */
  readonly cli: string;
  /** After that many milliseconds the program is ended. */
  readonly limitMs: number;
  /** The copy that the call is about, so that a call which outlives its caller can be found by `endCalls`. */
  readonly copy?: string;
  /** For its standard input. @default none */
  readonly input?: string;
  /** In characters. @default 16 MiB */
  readonly mostOutput?: number;
}

export interface Called {
  /** Undefined where a signal or the limit ended it. */
  readonly code: number | undefined;
  readonly stdout: string;
  /** The first complaint alone: the rest explains how the program is used. */
  readonly complaint: string;
}

/** Where to find, among a system's processes, those that belong to a copy. */
export const copyVariable = 'FORERUN_COPY';

/**
 * Runs the command line of Vers, never through a shell, in a folder of ours: it would read `.env` and `.vers/HEAD` where
 * it is started. The key is its own affair: it finds it in the environment or in a file of its own.
 */
export async function call(args: readonly string[], options: CallOptions): Promise<Called> {
  const { execa } = await import('execa');
  const result = await execa(options.cli, [...args], {
    cwd: await ownFolder(),
    env: environmentOf(options.copy),
    reject: false,
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    timeout: options.limitMs,
    forceKillAfterDelay: 2000,
    maxBuffer: options.mostOutput ?? maxOutput,
  });
  if (result.code === 'ENOENT' || result.code === 'EACCES') throw noCli(options.cli);
  const { stdout, stderr, exitCode } = result;
  const complaint = complaintIn(stderr) ?? (result.timedOut ? `it did not end within ${options.limitMs / 1000} s` : '');
  if (/authentication required/i.test(stderr)) throw noKey();
  return { code: result.isTerminated ? undefined : exitCode, stdout, complaint };
}

export function environmentOf(copy: string | undefined): Record<string, string> {
  return { DO_NOT_TRACK: '1', ...(copy === undefined ? {} : { [copyVariable]: copy }) };
}

/** Nobody else's, and without anything in it that the command line would heed. */
export async function ownFolder(): Promise<string> {
  const { uid } = userInfo();
  const folder = join(tmpdir(), `forerun-vers-${uid}`);
  await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  const stats = await lstat(folder);
  if (!stats.isDirectory() || (uid >= 0 && stats.uid !== uid)) throw notOurs(folder);
  await chmod(folder, 0o700);
  return folder;
}

const maxOutput = 16 * 1024 * 1024;

function complaintIn(stderr: string): string | undefined {
  return /^Error: (.*)$/m.exec(stderr)?.[1]?.slice(0, 300);
}

function noCli(cli: string): ForerunError<'PROVIDER_FAILED'> {
  return new ForerunError('PROVIDER_FAILED', `The command line of Vers, ${cli}, is not there or cannot be started.`, {
    details: {},
    next: "Install it as https://docs.vers.sh says, or name it: the provider's option cli, or FORERUN_VERS_CLI.",
  });
}

function noKey(): ForerunError<'PROVIDER_FAILED'> {
  return new ForerunError('PROVIDER_FAILED', 'The command line of Vers has no key.', {
    details: {},
    next: 'Type: vers login. Or set VERS_API_KEY for the program that runs Forerun.',
  });
}

function notOurs(folder: string): ForerunError<'PROVIDER_FAILED'> {
  return new ForerunError('PROVIDER_FAILED', `${folder} is another user's, and Vers cannot be called from there.`, {
    details: {},
    next: 'Set TMPDIR to a folder of your own.',
  });
}
