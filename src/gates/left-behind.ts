import type { Gate } from '../gate.ts';

/** Is anything left that exists and cannot be relied upon: an index without all rows, a constraint that was not checked? */
export const leftBehind: Gate = {
  name: 'left-behind',
  judge({ unfinished = [] }, { name, file }) {
    return unfinished.map(({ table, object, what }) => ({
      gate: 'left-behind',
      severity: what === 'INVALID index' ? ('block' as const) : ('warn' as const),
      migration: name,
      message: messages[what](table, object),
      where: { table, ...(file === undefined ? {} : { file }) },
    }));
  },
};

const messages = {
  'INVALID index': (table: string, object: string): string =>
    `The index ${object} of ${table} is left INVALID: every write pays for it, and no query uses it. Drop it, and make it again.`,
  'NOT VALID constraint': (table: string, object: string): string =>
    `The constraint ${object} of ${table} is left NOT VALID: rows that are there already were not checked. Check them with: ALTER TABLE ${table} VALIDATE CONSTRAINT ${object}`,
} as const;
