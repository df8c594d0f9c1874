import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { nearest } from './nearest.ts';

/** The folder that a misspelt path was most likely meant to be; undefined where none is near. */
export function nearestFolder(path: string): string | undefined {
  const above = dirname(path);
  if (above === path) return undefined;
  // A folder further up may be the misspelt one.
  const place = isFolder(above) ? above : nearestFolder(above);
  if (place === undefined) return undefined;
  const near = nearest(basename(path), foldersIn(place));
  return near === undefined ? undefined : join(place, near);
}

/** As a question behind an error's message. */
export function meantFolder(path: string): string {
  const near = nearestFolder(path);
  return near === undefined ? '' : `Did you mean ${near}? `;
}

function foldersIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => isFolder(join(folder, name)));
  } catch {
    return [];
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
