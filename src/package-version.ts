import { readFileSync } from 'node:fs';
import { packageFolder } from './own-package.ts';

export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('package.json', packageFolder()), 'utf8')) as { version: string };
  return version;
}
