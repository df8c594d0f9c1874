import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { shellWord } from '../shell-word.ts';

/** What to do where a `.env` sets the variable: nothing reads such a file unasked. Empty where none does. */
export function dotenvAdvice(variable: string, folders: readonly string[]): string {
  const file = folders.map((folder) => join(folder, '.env')).find((path) => sets(path, variable));
  if (file === undefined) return '';
  const word = shellWord(file);
  return `${file} sets ${variable}, and is not read: load it with node --env-file=${word} node_modules/.bin/forerun …, or in the configuration with: import 'dotenv/config'. Or: `;
}

/** Only whether it does: what it holds may be a password. */
function sets(file: string, variable: string): boolean {
  try {
    return new RegExp(`^[ \\t]*(?:export[ \\t]+)?${variable}[ \\t]*=[ \\t]*\\S`, 'm').test(readFileSync(file, 'utf8'));
  } catch {
    return false;
  }
}
