import { readdirSync, statSync } from 'node:fs';
import type { Dirent } from 'node:fs';
import { join } from 'node:path';
import { ForerunError, messageOf } from '../../src/error.ts';
import { meantFolder } from '../../src/nearest-folder.ts';
import { isIgnored } from './forms.ts';
import type { Problem } from './problem.ts';

/** What stands in a migration folder, by name, without what clearly is no migration. */
export interface Folder {
  readonly files: readonly string[];
  readonly folders: readonly string[];
  readonly problems: readonly Problem[];
}

/** Lists a folder, following symbolic links. Throws `CONFIG` where it is missing or cannot be listed. */
export function readFolder(directory: string): Folder {
  const files: string[] = [];
  const folders: string[] = [];
  const problems: Problem[] = [];
  for (const entry of entriesOf(directory)) {
    const file = join(directory, entry.name);
    const kind = kindOf(entry, file);
    if (isIgnored(entry.name, kind === 'folder' ? 'folder' : 'file')) continue;
    if (kind === 'file') files.push(entry.name);
    else if (kind === 'folder') folders.push(entry.name);
    else problems.push({ file, what: `cannot be read (${kind.why})`, next: `Mend \`${file}\`, or take it away.` });
  }
  return { files, folders, problems };
}

function entriesOf(directory: string): readonly Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const why =
      code === 'ENOENT'
        ? 'does not exist'
        : code === 'ENOTDIR'
          ? 'is not a folder'
          : `cannot be listed (${messageOf(error)})`;
    throw new ForerunError('CONFIG', `The migration folder ${directory} ${why}.`, {
      details: {},
      next: nextFor(code, directory),
      cause: error,
    });
  }
}

function nextFor(code: unknown, directory: string): string {
  if (code === 'EACCES' || code === 'EPERM')
    return 'Give the user that runs this the right to read it, then run again.';
  const create = code === 'ENOENT' ? `${meantFolder(directory)}Create it, or name` : 'Name';
  return `${create} the folder that holds the migrations.`;
}

function kindOf(entry: Dirent, file: string): 'file' | 'folder' | { readonly why: string } {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'folder';
  try {
    const there = statSync(file);
    if (there.isDirectory()) return 'folder';
    return there.isFile() ? 'file' : { why: 'it is neither a file nor a folder' };
  } catch (error) {
    return { why: messageOf(error) };
  }
}
