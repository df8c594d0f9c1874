import { ForerunError } from '../../error.ts';
import type { Called } from './call.ts';

/** It is not known whether something that was asked for happened: whoever asked has to look. */
export class InDoubt extends Error {
  override readonly name = 'InDoubt';
}

/** Why something was refused: it is in use. Then it is surely there. */
export class InUse extends Error {
  override readonly name = 'InUse';
}

/** What the command line answered, where that was no. */
export function refusal(what: string, called: Called, vm?: string): ForerunError {
  const { complaint } = called;
  const code = codeOf(called);
  const said = complaint === '' ? `it ended with ${code ?? 'no'} code` : complaint;
  const next = adviceFor(code, complaint, vm);
  const message = `${what} failed: Vers says: ${withoutEnd(said)}.`;
  if (code === 3) return new ForerunError('NOT_FOUND', message, { details: { name: vm ?? what }, ...next });
  const cause = code === 4 ? { cause: new InUse(said) } : {};
  return new ForerunError('PROVIDER_FAILED', message, { details: {}, ...next, ...cause });
}

/**
 * Whether nothing was done: anything else may have happened behind an answer that was lost. A conflict may be what the second
 * try of the command line came to, whose first one made the thing.
 */
export function isClear(called: Called, makes: boolean): boolean {
  const { complaint } = called;
  const code = codeOf(called);
  if (code === 2 || code === 3 || code === 5 || code === 7) return true;
  if (code === 4) return !makes;
  return (
    code === 1 && /API error 4(?!08|29)\d\d|unknown (?:command|flag|shorthand)|accepts at most|invalid /.test(complaint)
  );
}

/**
 * Its codes are made of digits anywhere in the error, those of a UUID as well. Where the error says what the service
 * answered, that counts instead.
 */
function codeOf({ code, complaint }: Called): number | undefined {
  if (code === undefined || code === 0 || code === 7) return code;
  if (/deadline exceeded|EOF|connection reset/.test(complaint)) return 6;
  const status = Number(/API error (\d{3})\b|": (\d{3}) [A-Z]/.exec(complaint)?.slice(1).find(Boolean));
  if (Number.isNaN(status)) return code;
  return { 401: 2, 403: 2, 404: 3, 409: 4, 400: 5 }[status] ?? 1;
}

function adviceFor(code: number | undefined, complaint: string, vm: string | undefined): { readonly next: string } {
  if (code === 2) return { next: 'Its key was refused, or may not do that: it may have expired. Type: vers login' };
  if (code === 3)
    return { next: `There is no such thing in this account${vm === undefined ? '' : ` (${vm})`}. See: vers status` };
  if (/no space|quota|allocation/i.test(complaint)) {
    return {
      next: 'Free some room: discard copies that are not needed any more (`forerun checkpoints`), or vers resize.',
    };
  }
  return { next: 'Try again; what was begun is listed, and cleaned up by the next run.' };
}

function withoutEnd(text: string): string {
  return text.replace(/[.\s]+$/, '');
}
