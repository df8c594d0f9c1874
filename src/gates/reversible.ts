import type { Gate } from '../gate.ts';

/**
 * Where there is a down: does it run, does it bring back schema and contents, and does up run again after it? A down that
 * runs and brings back less warns: what a migration deletes, no down can know.
 */
export const reversible: Gate = {
  name: 'reversible',
  judge({ down }, { name, file }) {
    if (down === undefined || (down.restoresSchema && down.restoresData)) return [];
    const place = down.where ?? (file === undefined ? undefined : { file });
    const where = place === undefined ? {} : { where: place };
    if (down.fails !== undefined) {
      return [
        {
          gate: 'reversible',
          severity: 'block',
          migration: name,
          message: `Tried up, down and up: ${down.fails}`,
          ...where,
        },
      ];
    }
    const what = down.restoresSchema ? 'contents' : down.restoresData ? 'schema' : 'schema and contents';
    return [
      {
        gate: 'reversible',
        severity: 'warn',
        migration: name,
        message: `Its down does not bring back the ${what}: ${(down.differences ?? []).join('; ')}.`,
        ...where,
      },
    ];
  },
};
