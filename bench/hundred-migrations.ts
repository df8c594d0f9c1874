import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { newFolder, placeDatabase } from './support/database.ts';
import { cli, program, runNode } from './support/program.ts';
import type { Measured, Result } from './support/result.ts';
import { writeSmallMigrations, type Updated } from './support/small-migrations.ts';
import { alternate, bothInWords, inWords, type Times } from './support/times.ts';

/** `up --safe` of 100 small migrations on 100 MB, against backups of the file and a plain Umzug `up` of the same files. */
export async function hundredMigrations(): Promise<Measured> {
  const small = await once('small');
  const large = await once('large');
  const each = await alternate(2, {
    backups: () => withDatabase('small', (at) => runNode(program('backup'), at.path, at.copies, '100')),
    api: () => withDatabase('small', (at) => runNode(program('up'), at.path, at.migrations, 'each')),
    cli: () => withDatabase('small', (at) => runNode(...upSafe(at), '--checkpoints', 'each')),
    large: () => withDatabase('large', (at) => runNode(program('up'), at.path, at.migrations, 'each')),
  });
  const peer = `100 backups ${bothInWords(each.backups)}`;
  const allowed = { min: 1.2 * (each.backups.min + small.allowed.min), words: '1.2 × (100 backups + that)' };
  return {
    results: [
      ...small.results,
      ...large.results,
      line('a checkpoint each, by function', peer, each.api, allowed),
      line('a checkpoint each, by command', peer, each.cli, allowed),
      line(`a checkpoint each, ${updating}, by function`, peer, each.large, allowed),
    ],
  };
}

const updating = '20 of them updating rows of the large table';

interface Allowed {
  readonly min: number;
  readonly words: string;
}

async function once(updated: Updated): Promise<{ readonly results: readonly Result[]; readonly allowed: Allowed }> {
  const times = await alternate(7, {
    backup: () => withDatabase(updated, (at) => runNode(program('backup'), at.path, at.copies, '1')),
    umzug: () => withDatabase(updated, (at) => runNode(program('plain-umzug'), at.path, at.migrations)),
    api: () => withDatabase(updated, (at) => runNode(program('up'), at.path, at.migrations, 'once')),
    cli: () => withDatabase(updated, (at) => runNode(...upSafe(at), '--checkpoints', 'once')),
  });
  const allowed = { min: 1.5 * times.backup.min + 2 * times.umzug.min, words: '1.5 backups + 2 Umzugs' };
  const peer = `backup ${bothInWords(times.backup)}, Umzug ${bothInWords(times.umzug)}`;
  const how = updated === 'small' ? 'one checkpoint' : `one checkpoint, ${updating}`;
  return {
    results: [
      line(`${how}, by function`, peer, times.api, allowed),
      line(`${how}, by command`, peer, times.cli, allowed),
    ],
    allowed,
  };
}

function line(how: string, peer: string, forerun: Times, allowed: Allowed): Result {
  return {
    measured: `\`up --safe\` of 100 small migrations, 100 MB, ${how}`,
    peer,
    forerun: bothInWords(forerun),
    comparison: `${(forerun.min / allowed.min).toFixed(2)} of ${inWords(allowed.min)}`,
    target: `≤ ${allowed.words}`,
    met: forerun.min <= allowed.min,
  };
}

interface Place {
  readonly path: string;
  readonly migrations: string;
  /** An empty folder. */
  readonly copies: string;
}

function upSafe({ path, migrations }: Place): readonly [string, ...string[]] {
  return [cli, 'up', '--safe', '--quiet', '--database', path, '--migrations', migrations];
}

async function withDatabase(updated: Updated, work: (at: Place) => Promise<{ readonly ms: number }>): Promise<number> {
  const folder = newFolder();
  const copies = join(folder, 'copies');
  mkdirSync(copies);
  const migrations = writeSmallMigrations(folder, 100, updated);
  const { ms } = await work({ path: placeDatabase(folder, '100 MB'), migrations, copies });
  rmSync(folder, { recursive: true });
  return ms;
}
