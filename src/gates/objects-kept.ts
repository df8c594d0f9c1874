import type { Gate } from '../gate.ts';
import type { LostObject } from '../seams/evidence.ts';

/** Does a table that was made anew have all that hung on it: indexes, triggers, keys and constraints? */
export const objectsKept: Gate = {
  name: 'objects-kept',
  judge({ lost = [] }, migration) {
    const tables = [...new Set(lost.map(({ table }) => table))];
    return tables.map((table) => ({
      gate: 'objects-kept',
      severity: 'warn' as const,
      migration: migration.name,
      message: `${table} was made anew without what it had: ${listOf(lost.filter((one) => one.table === table))}. No statement drops that by name. If it is not meant to go, create it again behind the rebuild.`,
      where: { table, ...(migration.file === undefined ? {} : { file: migration.file }) },
    }));
  },
};

function listOf(lost: readonly LostObject[]): string {
  return lost.map(inWords).join(', ');
}

function inWords({ what, object }: LostObject): string {
  if (what === 'option') return object;
  return what === 'index' || what === 'trigger' ? `${what} ${object}` : `${what} (${object})`;
}
