import type { Finding, Gate, Judged } from '../gate.ts';
import { over } from '../limits.ts';
import type { WaitEvidence } from '../seams/evidence.ts';

/** How long would an application have waited for the locks of the migration? */
export const blockedTime: Gate = {
  name: 'blocked-time',
  judge: ({ waits = [] }, migration) => waits.flatMap((wait) => longWaits(wait, migration)),
};

/** What holds up reads holds up writes as well: it is said once. */
function longWaits({ table, readMs, writeMs }: WaitEvidence, migration: Judged): Finding[] {
  const read = over(readMs, migration.limits.readWaitMs);
  const write = over(writeMs, migration.limits.writeWaitMs);
  const worst = read?.severity === 'block' ? read : (write ?? read);
  if (worst === undefined) return [];
  const who =
    read === undefined
      ? `Every write of ${table} would have waited for up to ${seconds(writeMs)}`
      : `Every read and write of ${table} would have waited for up to ${seconds(Math.max(readMs, writeMs))}`;
  return [
    {
      gate: 'blocked-time',
      severity: worst.severity,
      migration: migration.name,
      message: `${who} (${worst.severity === 'block' ? 'at most' : 'better not over'} ${seconds(worst.limit)}).`,
      where: { table, ...(migration.file === undefined ? {} : { file: migration.file }) },
    },
  ];
}

function seconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
