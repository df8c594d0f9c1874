import { ForerunError } from './error.ts';
import { nearest } from './nearest.ts';

export const gateOptions: readonly string[] = ['signal', 'onEvent', 'to', 'step', 'migrations', 'rerun'];
export const deployOptions: readonly string[] = [...gateOptions, 'safe', 'allOrNothing', 'promotePassing'];

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
