import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { newFolder, placeDatabase } from './support/database.ts';
import { program } from './support/program.ts';
import type { Measured } from './support/result.ts';
import { bothInWords, timesOf } from './support/times.ts';

const most = 2;

/** The digest of a table, against reading every row of it. */
export async function digest(): Promise<Measured> {
  const folder = newFolder();
  const path = placeDatabase(folder, '100 MB');
  const told = execFileSync(process.execPath, [program('digest'), path, 'events', '7'], { encoding: 'utf8' });
  rmSync(folder, { recursive: true });
  const times = JSON.parse(told) as { readonly select: readonly number[]; readonly forerun: readonly number[] };
  const [select, forerun] = [timesOf(times.select), timesOf(times.forerun)];
  const ratio = forerun.min / select.min;
  return {
    results: [
      {
        measured: 'digest of a table of 100 MB',
        peer: `\`SELECT *\`, rows as arrays ${bothInWords(select)}`,
        forerun: bothInWords(forerun),
        comparison: `${ratio.toFixed(2)} times`,
        target: `≤ ${most} times`,
        met: ratio <= most,
      },
    ],
  };
}
