import { failureText } from '../failure-text.ts';
import type { Gate } from '../gate.ts';

/** Does it run to its end on real data? */
export const applies: Gate = {
  name: 'applies',
  unconditional: true,
  judge({ error }, { name }) {
    if (error === undefined) return [];
    return [
      {
        gate: 'applies',
        severity: 'block',
        migration: name,
        message: failureText(error),
        ...(error.where === undefined ? {} : { where: error.where }),
      },
    ];
  },
};
