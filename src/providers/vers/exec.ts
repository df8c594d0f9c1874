import { randomBytes } from 'node:crypto';
import { ForerunError } from '../../error.ts';
import { call } from './call.ts';
import { ensureUuid, type Vers } from './client.ts';
import { refusal } from './failure.ts';

export interface Executed {
  /** The remote command's own. */
  readonly code: number;
  readonly stdout: string;
}

/**
 * Runs a script of bash in a VM. The code of the command line proves nothing: it is 0 where the answer was cut off, and
 * its own codes are those of psql, too. So the script is followed by a line that nobody could know before, with its code.
 */
export async function execIn(vers: Vers, vm: string, script: string, limitMs: number): Promise<Executed> {
  await vers.grammar();
  const seconds = Math.max(1, Math.ceil(limitMs / 1000));
  const mark = `forerun-${randomBytes(8).toString('hex')}`;
  const remote = ['bash', '-c', 'bash -c "$1"; printf "\\n%s %d\\n" "$2" "$?"', 'forerun', script, mark];
  const options = { ...vers.options, limitMs: (seconds + graceSeconds) * 1000 };
  const answer = await call(['exec', '-t', String(seconds), ensureUuid(vm), ...remote], options);
  const at = answer.stdout.lastIndexOf(`\n${mark} `);
  if (at >= 0) {
    const code = Number.parseInt(answer.stdout.slice(at + mark.length + 2), 10);
    return { code, stdout: answer.stdout.slice(0, at) };
  }
  if (answer.code !== 0 && answer.code !== 6) throw refusal(`A command in VM ${vm}`, answer, vm);
  const why = answer.code === 6 ? `did not end within ${seconds} s` : 'was cut off before it ended';
  throw new ForerunError('PROVIDER_FAILED', `A command in VM ${vm} ${why}: nobody can tell what it did.`, {
    details: {},
    next: 'Look there (vers connect), and try again.',
  });
}

/** What the way there and back takes besides. */
const graceSeconds = 15;
