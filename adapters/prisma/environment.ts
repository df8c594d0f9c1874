import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What a variable is to Prisma up to version 6, where there is no configuration file: the environment's, else that of
 * `.env` in the root, else that of `.env` beside the schema. An empty one is none.
 */
export function variableOf(name: string, folders: readonly string[]): string | undefined {
  const values = new Map<string, string>();
  for (const folder of folders.toReversed()) for (const [key, value] of dotenvIn(folder)) values.set(key, value);
  for (const [key, value] of Object.entries(process.env)) if (value !== undefined) values.set(key, value);
  const value = values.get(name);
  if (value === undefined || value === '') return undefined;
  const references = /\\?\$\{?(\w+)\}?/g;
  return process.env[name] === undefined
    ? value.replace(references, (whole, key: string) =>
        whole.startsWith('\\') ? whole.slice(1) : (values.get(key) ?? ''),
      )
    : value;
}

function dotenvIn(folder: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const [, key = '', raw = ''] of textOf(join(folder, '.env')).matchAll(line))
    values.set(key, valueOf(raw.trim()));
  return values;
}

/** As dotenv reads it: quoted, over several lines too, or bare up to a comment. */
const line =
  /^[ \t]*(?:export[ \t]+)?([\w.-]+)[ \t]*=[ \t]*("(?:\\"|[^"])*"|'(?:\\'|[^'])*'|`(?:\\`|[^`])*`|[^#\r\n]*)[^\r\n]*$/gm;

function valueOf(raw: string): string {
  const quote = /^(["'`])(.*)\1$/s.exec(raw);
  if (quote === null) return raw;
  const [, mark, text = ''] = quote;
  return mark === '"' ? text.replaceAll(String.raw`\n`, '\n') : text;
}

/** Nothing where there is no such file. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
