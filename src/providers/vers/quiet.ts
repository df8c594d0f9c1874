import { ForerunError } from '../../error.ts';
import type { Vers } from './client.ts';
import { execIn } from './exec.ts';

/** What stops, in a copy, whatever would go on working there. */
export interface Quiet {
  readonly vers: Vers;
  readonly quiesce: string | undefined;
  readonly quiesceLimitMs: number;
}

/**
 * Ends what a copy carried along, runs the command that is to keep it from coming back, and ends what came back
 * meanwhile. Answers in words what was found. `id` is the copy's, `vm` the machine that it is.
 */
export async function quieten(
  { vers, quiesce, quiesceLimitMs }: Quiet,
  { id, vm, what }: { readonly id: string; readonly vm: string; readonly what: string },
  endAll: () => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const found = await endAll();
  const one = found.length === 1;
  const said =
    found.length === 0
      ? []
      : [
          `It carried ${found.length} ${one ? what : severalOf(what)} along, which ${one ? 'was' : 'were'} ended: ${counted(found)}.`,
        ];
  if (quiesce === undefined) return said;
  const { code } = await execIn(vers, vm, quiesce, quiesceLimitMs);
  if (code !== 0) throw notQuiet(id, quiesce, code);
  const back = await endAll();
  const again =
    back.length === 0 ? '' : ` ${back.length} ${severalOf(what)} had come back and were ended: ${counted(back)}.`;
  return [...said, `In the copy "${quiesce}" was run.${again}`];
}

function severalOf(what: string): string {
  return what.endsWith('s') ? `${what}es` : `${what}s`;
}

function counted(each: readonly string[]): string {
  return [...new Set(each)]
    .map((text) => {
      const times = each.filter((other) => other === text).length;
      return times === 1 ? text : `${times} times ${text}`;
    })
    .join('; ');
}

export function notEnded(count: number, what: string): ForerunError<'PROVIDER_FAILED'> {
  return new ForerunError(
    'PROVIDER_FAILED',
    `${count} ${severalOf(what)} that came along in a copy could not be ended.`,
    {
      details: {},
      next: 'Name a command that stops what opens them again: vers({ …, quiesce: "systemctl stop app" })',
    },
  );
}

function notQuiet(id: string, command: string, code: number): ForerunError<'PROVIDER_FAILED'> {
  return new ForerunError('PROVIDER_FAILED', `"${command}" ended with ${code} in ${id}: it may not be quiet.`, {
    details: { copy: id },
    next: 'Try the command in a VM of your own, and correct the option quiesce.',
  });
}
