import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Programs } from './programs.ts';

/** Servers in memory start and copy faster; what a disk does is for the tests that name a folder. */
export const memory: string = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** A data folder as initdb leaves it, made once for each server version on this machine. Only to be copied. */
export async function initialised(use: Programs): Promise<string> {
  const key = createHash('sha256').update(`${use.full} ${use.postgres}`).digest('hex').slice(0, 12);
  const kept = join(memory, `forerun-test-initdb-${process.getuid?.() ?? ''}-${key}`);
  if (existsSync(join(kept, 'PG_VERSION'))) return kept;
  const making = `${kept}.${randomBytes(4).toString('hex')}`;
  const locale = ['--encoding=UTF8', '--locale=C.UTF-8'];
  await execa(use.initdb, ['-D', making, '-U', 'postgres', '-A', 'trust', '--no-sync', ...locale], {
    ...use.as,
    cwd: memory,
  });
  try {
    await rename(making, kept);
  } catch {
    // Another worker was faster.
    await rm(making, { recursive: true, force: true });
  }
  return kept;
}
