import type { Gate } from '../gate.ts';

/** Does the database keep its own rules: foreign keys, pages, constraints? Only what was not broken before counts. */
export const integrity: Gate = {
  name: 'integrity',
  judge({ integrity: violations = [] }, { name }) {
    return violations.map(({ message, table }) => ({
      gate: 'integrity',
      severity: 'block',
      migration: name,
      message,
      ...(table === undefined ? {} : { where: { table } }),
    }));
  },
};
