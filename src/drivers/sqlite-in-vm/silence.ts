import { statSync } from 'node:fs';

/**
 * Tells of a file that is touched whenever somebody speaks whether it was left alone for so many looks. Looks are counted
 * and not time: a VM that stood still, and a process that was busy, heard nobody meanwhile.
 */
export function makeSilence(looks: number): (file: string) => boolean {
  const seen = new Map<string, { readonly touched: number; readonly times: number }>();
  return (file) => {
    const touched = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    const known = seen.get(file);
    const times = known?.touched === touched ? known.times + 1 : 0;
    seen.set(file, { touched, times });
    return times >= looks;
  };
}
