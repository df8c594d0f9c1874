import { schemaDiff } from './schema-diff.ts';
import type { Schema } from './seams/driver.ts';
import type { SchemaChange } from './seams/evidence.ts';

/** So many objects are named; more of them nobody reads. */
const most = 10;

/** What differs between two schemas, each object with one of three words; empty where nothing does. */
export function differencesInWords(
  before: Schema,
  after: Schema,
  words: Readonly<Record<SchemaChange['change'], string>>,
): string {
  const changes = schemaDiff(before, after);
  const named = changes.slice(0, most).map(({ object, change }) => `${object} is ${words[change]}`);
  return [...named, ...(changes.length > most ? [`${changes.length - most} more differ`] : [])].join(', ');
}
