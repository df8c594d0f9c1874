import { readFileSync } from 'node:fs';

/** The package's own file is above this one in the sources and in what is built alike. */
export function packageVersion(): string {
  for (let folder = new URL('.', import.meta.url); ; folder = new URL('..', folder)) {
    try {
      const { version } = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')) as { version: string };
      return version;
    } catch (error) {
      if (folder.pathname === '/') throw error;
    }
  }
}
