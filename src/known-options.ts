import { ForerunError } from './error.ts';
import { nearest } from './nearest.ts';

export const gateOptions: readonly string[] = ['signal', 'onEvent', 'to', 'step', 'migrations', 'rerun'];
export const deployOptions: readonly string[] = [...gateOptions, 'safe', 'allOrNothing', 'promotePassing'];
export const branchOptions: readonly string[] = ['from', 'name', 'onEvent', 'signal'];
export const diffOptions: readonly string[] = ['query', 'onEvent', 'signal'];
export const statusOptions: readonly string[] = ['verbose', 'onEvent', 'signal'];
export const discardOptions: readonly string[] = ['recursive'];

/** Throws `USAGE` for an option that there is not: a misspelt `safe` must not run unsafe. */
export function refuseUnknownOptions(options: object | undefined, known: readonly string[]): void {
  for (const name of Object.keys(options ?? {})) {
    if (known.includes(name)) continue;
    const closest = nearest(name, known);
    throw new ForerunError(
      'USAGE',
      `There is no option "${name}"${closest === undefined ? '' : `; did you mean ${closest}?`}`,
      {
        details: {},
        next: `There are: ${known.join(', ')}.`,
      },
    );
  }
}

interface Wishes {
  readonly safe?: boolean | undefined;
  readonly to?: string | number | undefined;
  readonly step?: number | undefined;
  readonly allOrNothing?: boolean | undefined;
  readonly promotePassing?: boolean | undefined;
}

/** Throws `USAGE` for what cannot be meant, as the command line does: a step of `NaN` must not pass for nothing pending. */
export function refuseOddOptions({ safe, to, step, allOrNothing, promotePassing }: Wishes = {}): void {
  if (step !== undefined && !(Number.isSafeInteger(step) && step > 0))
    throw odd(`step is ${String(step)}.`, 'Give a whole number above 0, or leave it out.');
  if (step !== undefined && to !== undefined) throw odd('step cannot be used with to.', 'Give one of them.');
  if (allOrNothing === true && promotePassing === true)
    throw odd('allOrNothing cannot be used with promotePassing.', 'Give one of them.');
  if (!(safe ?? false) && (allOrNothing === true || promotePassing === true)) {
    const name = allOrNothing === true ? 'allOrNothing' : 'promotePassing';
    throw odd(`${name} speaks of what a rehearsal showed, and there is none without safe.`, `Add safe: true.`);
  }
}

function odd(message: string, next: string): ForerunError<'USAGE'> {
  return new ForerunError('USAGE', message, { details: {}, next });
}
