import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, dirname, join, resolve } from 'node:path';

/**
 * Why a program cannot be started from a folder: looked for as `commandCheck` starts it, in `node_modules/.bin` of that
 * folder and those above it, then on the PATH. Undefined where it can, and where only the start tells (Windows).
 */
export async function whyNoProgram(name: string, cwd: string): Promise<string | undefined> {
  if (process.platform === 'win32') return undefined;
  const places = name.includes('/') ? [resolve(cwd, name)] : foldersFor(cwd).map((folder) => join(folder, name));
  let refused: string | undefined;
  for (const place of places) {
    const state = await stateOf(place);
    if (state === 'executable') return undefined;
    if (state === 'refused') refused ??= place;
  }
  return refused === undefined ? `There is no program ${name}.` : `${refused} cannot be executed by this user.`;
}

function foldersFor(cwd: string): readonly string[] {
  const path = (process.env['PATH'] ?? '').split(delimiter).map((folder) => resolve(cwd, folder));
  return [...above(cwd).map((folder) => join(folder, 'node_modules', '.bin')), dirname(process.execPath), ...path];
}

function above(folder: string): readonly string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...above(parent)];
}

async function stateOf(file: string): Promise<'executable' | 'refused' | 'absent'> {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined || found.isDirectory()) return 'absent';
  return access(file, constants.X_OK).then(
    () => 'executable',
    () => 'refused',
  );
}
