import { rmSync } from 'node:fs';
import { newFolder, placeDatabase, type Size } from './support/database.ts';
import { cli, program, runNode, runNodeForMemory } from './support/program.ts';
import type { Measured, Result } from './support/result.ts';
import { writeSmallMigrations } from './support/small-migrations.ts';
import { alternate, bothInWords, inWords } from './support/times.ts';

const allowedMs = 120;
/** What the allocator does by chance. */
const noise = 1.05;

/** `forerun status` with 50 migrations applied and none pending: its time over Node's own, and its memory. */
export async function status(): Promise<Measured> {
  return { results: [await time(), await memory()] };
}

async function time(): Promise<Result> {
  const { folder, args } = await applied('10 MB');
  const times = await alternate(15, {
    node: async () => (await runNode('-e', '0')).ms,
    forerun: async () => (await runNode(...args)).ms,
  });
  rmSync(folder, { recursive: true });
  const more = times.forerun.min - times.node.min;
  return {
    measured: '`forerun status`, 50 applied, nothing to do',
    peer: `\`node -e 0\` ${bothInWords(times.node)}`,
    forerun: bothInWords(times.forerun),
    comparison: `+${inWords(more)}`,
    target: `≤ +${allowedMs} ms`,
    met: more <= allowedMs,
  };
}

async function memory(): Promise<Result> {
  const peaks: Record<'10 MB' | '1 GB', number> = { '10 MB': 0, '1 GB': 0 };
  for (const size of ['10 MB', '1 GB'] as const) {
    const { folder, args } = await applied(size);
    const all: number[] = [];
    for (let round = 0; round < 5; round += 1) all.push((await runNodeForMemory(...args)).peakBytes);
    peaks[size] = Math.min(...all);
    rmSync(folder, { recursive: true });
  }
  const ratio = peaks['1 GB'] / peaks['10 MB'];
  return {
    measured: 'peak memory of `forerun status`, 1 GB',
    peer: `10 MB: ${inMegabytes(peaks['10 MB'])}`,
    forerun: inMegabytes(peaks['1 GB']),
    comparison: `${ratio.toFixed(2)} times`,
    target: 'does not grow',
    met: ratio <= noise,
  };
}

async function applied(size: Size): Promise<{ readonly folder: string; readonly args: readonly string[] }> {
  const folder = newFolder();
  const migrations = writeSmallMigrations(folder, 50, 'small');
  const path = placeDatabase(folder, size);
  await runNode(program('apply'), path, migrations);
  return { folder, args: [cli, 'status', '--database', path, '--migrations', migrations] };
}

function inMegabytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}
