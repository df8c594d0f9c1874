import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { newFolder, placeDatabase } from './support/database.ts';
import { cli, program, runNode } from './support/program.ts';
import type { Measured, Result } from './support/result.ts';
import { writeSmallMigrations } from './support/small-migrations.ts';
import { alternate, bothInWords, inWords, type Times } from './support/times.ts';

/** `up --safe` of 100 small migrations on 100 MB, against backups of the file and a plain Umzug `up` of the same files. */
export async function hundredMigrations(): Promise<Measured> {
  const once = await alternate(5, {
    backup: () => withDatabase((path, folder) => runNode(program('backup'), path, newSubfolder(folder), '1')),
    umzug: () => withDatabase((path, folder) => runNode(program('plain-umzug'), path, join(folder, 'migrations'))),
    api: () => withDatabase((path, folder) => runNode(program('up'), path, join(folder, 'migrations'), 'once')),
  });
  const allowedOnce = { min: 1.5 * once.backup.min + 2 * once.umzug.min, words: '1.5 backups + 2 Umzugs' };
  const each = await alternate(2, {
    backups: () => withDatabase((path, folder) => runNode(program('backup'), path, newSubfolder(folder), '100')),
    api: () => withDatabase((path, folder) => runNode(program('up'), path, join(folder, 'migrations'), 'each')),
    cli: () => withDatabase((path, folder) => runNode(cli, 'up', '--safe', '--quiet', '--database', path, '--migrations', join(folder, 'migrations'))),
  });
  const allowedEach = { min: 1.2 * (each.backups.min + allowedOnce.min), words: '1.2 × (100 backups + that)' };
  const oncePeers = `backup ${bothInWords(once.backup)}, Umzug ${bothInWords(once.umzug)}`;
  const eachPeers = `100 backups ${bothInWords(each.backups)}`;
  return {
    results: [
      line("one checkpoint (`checkpoints: 'once'`)", oncePeers, once.api, allowedOnce),
      line('a checkpoint each', eachPeers, each.api, allowedEach),
      line('a checkpoint each, by the command line', eachPeers, each.cli, allowedEach),
    ],
  };
}

function line(how: string, peer: string, forerun: Times, allowed: { readonly min: number; readonly words: string }): Result {
  return {
    measured: `\`up --safe\` of 100 small migrations, 100 MB, ${how}`,
    peer,
    forerun: bothInWords(forerun),
    comparison: `${(forerun.min / allowed.min).toFixed(2)} of the ${inWords(allowed.min)} allowed`,
    target: `≤ ${allowed.words}`,
    met: forerun.min <= allowed.min,
  };
}

async function withDatabase(work: (path: string, folder: string) => Promise<{ readonly ms: number }>): Promise<number> {
  const folder = newFolder();
  writeSmallMigrations(folder, 100);
  const { ms } = await work(placeDatabase(folder, '100 MB'), folder);
  rmSync(folder, { recursive: true });
  return ms;
}

function newSubfolder(folder: string): string {
  const path = join(folder, 'copies');
  mkdirSync(path);
  return path;
}
