import type { Schema } from './seams/driver.ts';
import type { SchemaChange } from './seams/evidence.ts';

/** Which objects were added, removed or changed, by key. */
export function schemaDiff(before: Schema, after: Schema): readonly SchemaChange[] {
  const keys = [...new Set([...before.keys(), ...after.keys()])].sort();
  return keys.flatMap((object) => {
    const change = changeOf(before.get(object), after.get(object));
    return change === undefined ? [] : [{ object, change }];
  });
}

function changeOf(before: string | undefined, after: string | undefined): SchemaChange['change'] | undefined {
  if (before === after) return undefined;
  if (before === undefined) return 'added';
  return after === undefined ? 'removed' : 'changed';
}
