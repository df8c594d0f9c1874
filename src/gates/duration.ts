import type { Gate } from '../gate.ts';
import { over } from '../limits.ts';

/** Does the migration take longer than anybody has time for? */
export const duration: Gate = {
  name: 'duration',
  judge({ ms }, { name, limits }) {
    const found = ms === undefined ? undefined : over(ms, limits.durationMs);
    if (ms === undefined || found === undefined) return [];
    return [
      {
        gate: 'duration',
        severity: found.severity,
        migration: name,
        message: `It took ${(ms / 1000).toFixed(1)} s on the branch (${found.severity === 'block' ? 'at most' : 'better not over'} ${(found.limit / 1000).toFixed(1)} s).`,
      },
    ];
  },
};
