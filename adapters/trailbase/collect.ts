import { readdirSync, statSync, type Dirent } from 'node:fs';
import { basename, join } from 'node:path';
import { messageOf } from '../../src/error.ts';
import type { Problem } from '../sql/problem.ts';
import { migrationsFolder, type Depot } from './depot.ts';
import { readName, type FileName } from './names.ts';

/** A file that TrailBase takes for a migration. */
export interface Found extends FileName {
  /** Absolute. */
  readonly file: string;
}

export interface Collection {
  /** By version. */
  readonly found: readonly Found[];
  readonly problems: readonly Problem[];
}

/**
 * What TrailBase would find: everything in `migrations/<database>`, in folders of it as well, and for main also what
 * stands in `migrations` itself, where all migrations were once. Neither folder need be there.
 */
export function collect(depot: Depot): Collection {
  const files: string[] = [];
  const problems: Problem[] = [];
  walk(migrationsFolder(depot), true, files, problems);
  if (depot.database === 'main') walk(join(depot.folder, 'migrations'), false, files, problems);
  const found: Found[] = [];
  for (const file of files) {
    const name = readName(basename(file));
    if (name === undefined) continue;
    if ('letter' in name) found.push({ ...name, file });
    else problems.push({ file, ...name });
  }
  return { found: found.toSorted((a, b) => a.version - b.version), problems };
}

/** Links to folders are not followed, as in TrailBase; what they hold is never run, so they are told. */
function walk(folder: string, deep: boolean, files: string[], problems: Problem[]): void {
  for (const entry of entriesOf(folder, problems)) {
    const file = join(folder, entry.name);
    if (entry.isFile()) files.push(file);
    else if (entry.isDirectory()) {
      if (deep) walk(file, deep, files, problems);
    } else if (entry.isSymbolicLink()) {
      const meant = statSync(file, { throwIfNoEntry: false });
      if (meant?.isDirectory() !== true) files.push(file);
      else if (deep) problems.push(linkedFolder(file));
    }
  }
}

function entriesOf(folder: string, problems: Problem[]): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    const what = `cannot be listed (${messageOf(error)})`;
    problems.push({ file: folder, what, next: `Make \`${folder}\` readable.` });
    return [];
  }
}

function linkedFolder(file: string): Problem {
  return {
    file,
    what: 'is a link to a folder, into which TrailBase does not look',
    next: `Put the migrations themselves where \`${file}\` is.`,
  };
}
