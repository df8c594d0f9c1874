import { posix } from 'node:path';
import { ForerunError } from '../../error.ts';
import { shellWord } from '../../shell-word.ts';
import type { Target } from '../../seams/target.ts';

/** A database file in a VM: `vers:<vm>:/srv/app.db`, or `vers:/srv/app.db` where the VM is known. */
export interface Place {
  readonly vm: string;
  /** Absolute, or beginning with `~/`: in the home folder of the user that commands in the VM run as. */
  readonly path: string;
}

/** Whether an address names a file in a VM. */
export function isInVm(address: string): boolean {
  return /^vers:/i.test(address);
}

export function targetIn(address: string, vm: string): Target {
  const [, named, path = ''] = /^vers:(?:([0-9a-f-]{36}):)?(.*)$/is.exec(address) ?? [];
  if (!isInVm(address)) throw bad(/^[\w+.-]*:?/.exec(address)?.[0] ?? '', 'is no address of a file in a VM');
  if (!/^(?:~\/|\/)[^\0]*[^/\0]$/.test(path)) throw bad(address, 'names no file by an absolute path');
  return targetAt({ vm: named?.toLowerCase() ?? vm, path: posix.normalize(path) });
}

export function targetAt({ vm, path }: Place): Target {
  const url = `vers:${vm}:${path}`;
  return { url, variable: url };
}

export function placeOf({ url }: Target): Place {
  const [, vm, path] = /^vers:([0-9a-f-]{36}):(.*)$/s.exec(url) ?? [];
  if (vm === undefined || path === undefined) throw new TypeError(`not a file in a VM: ${url}`);
  return { vm, path };
}

/** What to type to have a program work on a file in its VM. */
export function commandAt(target: Target): string {
  const { vm, path } = placeOf(target);
  return `vers exec -t 60 ${vm} bash -c ${shellWord(`sqlite3 ${wordThere(path)} .schema`)}`;
}

/** A path as one word for a shell in the VM, which alone knows the home folder. */
export function wordThere(path: string): string {
  return path.startsWith('~/') ? `~/${shellWord(path.slice(2))}` : shellWord(path);
}

function bad(target: string, what: string): ForerunError<'BAD_TARGET'> {
  return new ForerunError('BAD_TARGET', `${target} ${what}.`, {
    details: { target },
    next: 'Give the VM and the path there: vers:<uuid of the VM>:/srv/app.db, or vers:/srv/app.db in the VM that the provider names.',
  });
}
