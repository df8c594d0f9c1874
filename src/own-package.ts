import { existsSync } from 'node:fs';

/** The folder of this package, which is above the sources and what is built alike. */
export function packageFolder(): URL {
  for (let folder = new URL('.', import.meta.url); ; folder = new URL('..', folder)) {
    if (existsSync(new URL('package.json', folder))) return folder;
    if (folder.pathname === '/') throw new Error(`no package.json is above ${import.meta.url}`);
  }
}

/**
 * The address of a module of this package that another process starts or loads, by its path without an extension. Not
 * beside whoever asks: what is built is in few files, and their places say nothing. Each needs an entry in the build.
 */
export function ownModule(path: string): string {
  const isSource = import.meta.url.endsWith('.ts');
  return new URL(isSource ? `${path}.ts` : `dist/${path}.js`, packageFolder()).href;
}
