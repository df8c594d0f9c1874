import type { Gate } from '../gate.ts';

/** Do the user's own checks hold after the migration? One that failed before as well is said to have. */
export const checks: Gate = {
  name: 'checks',
  judge({ checks: results = [] }, { name }) {
    return results
      .filter((check) => check.when === 'after' && !check.ok)
      .map((check) => {
        const before = results.some((other) => other.name === check.name && other.when === 'before' && !other.ok);
        return {
          gate: 'checks',
          severity: 'block',
          migration: name,
          message: `Check ${check.name} fails${before ? ' (it failed before the migration, too)' : ''}: ${check.output.trim()}`,
        };
      });
  },
};
