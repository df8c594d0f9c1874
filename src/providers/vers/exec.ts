import { randomBytes } from 'node:crypto';
import { ForerunError } from '../../error.ts';
import type { Ran, RunOptions } from '../../drivers/sqlite-in-vm/exec.ts';
import { call } from './call.ts';
import { ensureUuid, type Vers } from './client.ts';
import { isClear, refusal } from './failure.ts';

export interface Executed {
  /** The remote command's own. */
  readonly code: number;
  readonly stdout: string;
}

/** Runs a script of bash in a VM, once. Throws where nobody knows how it ended. */
export async function execIn(vers: Vers, vm: string, script: string, limitMs: number): Promise<Executed> {
  const { code, stdout, why } = await runIn(vers, vm, script, { limitMs });
  if (code !== undefined) return { code, stdout };
  throw new ForerunError('PROVIDER_FAILED', `A command in VM ${vm} ${why}: nobody can tell what it did.`, {
    details: {},
    next: 'Look there (vers connect), and try again.',
  });
}

/**
 * Runs a script of bash in a VM. The code of the command line proves nothing: it is 0 where the answer was cut off, and
 * its own codes are those of psql, too. So the script is followed by a line that nobody could know before, with its code.
 * Throws where Vers refuses, which leaves no doubt.
 */
export async function runIn(vers: Vers, vm: string, script: string, { input, limitMs }: RunOptions): Promise<Ran> {
  await vers.grammar();
  const seconds = Math.max(1, Math.ceil(limitMs / 1000));
  const mark = `forerun-${randomBytes(8).toString('hex')}`;
  const remote = ['bash', '-c', 'bash -c "$1"; printf "\\n%s %d\\n" "$2" "$?"', 'forerun', script, mark];
  const options = { ...vers.options, limitMs: (seconds + graceSeconds) * 1000 };
  // What is sent along is sent as a whole; nothing is streamed.
  const sent = input === undefined ? {} : { input };
  const flags = ['-t', String(seconds), ...(input === undefined ? [] : ['-i'])];
  const answer = await call(['exec', ...flags, ensureUuid(vm), ...remote], { ...options, ...sent, mostOutput });
  const at = answer.stdout.lastIndexOf(`\n${mark} `);
  if (at >= 0) {
    const code = Number.parseInt(answer.stdout.slice(at + mark.length + 2), 10);
    return { code, stdout: answer.stdout.slice(0, at), why: '' };
  }
  if (isClear(answer, false)) throw refusal(`A command in VM ${vm}`, answer, vm);
  return { code: undefined, stdout: '', why: whyOf(answer, seconds) };
}

function whyOf(
  { code, complaint }: { readonly code: number | undefined; readonly complaint: string },
  seconds: number,
): string {
  if (code === 6) return `did not end within ${seconds} s`;
  return code === 0 ? 'was cut off before it ended' : `got no answer (${complaint})`;
}

/** What a command prints may hold values of a database, and those may be large. */
const mostOutput = 256 * 1024 * 1024;

/** What the way there and back takes besides. */
const graceSeconds = 15;
