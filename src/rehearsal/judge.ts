import { judge, type Finding } from '../gate.ts';
import { misreadPermits, permitKinds, permitsIn } from '../permits.ts';
import type { Run } from '../run-log.ts';
import type { Evidence } from '../seams/evidence.ts';
import type { Migration } from '../seams/source.ts';

/** Puts all gates to the evidence about one migration, and adds the notes that no gate judges. */
export function findingsAbout(run: Run, migration: Migration, evidence: Evidence): readonly Finding[] {
  const judged = {
    name: migration.name,
    ...(migration.file === undefined ? {} : { file: migration.file }),
    permits: [...run.setup.permits, ...permitsIn(migration.text)],
  };
  const notes = (evidence.notes ?? []).map((message) => ({
    gate: 'rehearsal',
    severity: 'note' as const,
    migration: migration.name,
    message,
  }));
  const misread = misreadPermits(migration.text).map(({ line, text }) => ({
    gate: 'permits',
    severity: 'warn' as const,
    migration: migration.name,
    message: `This permits nothing: "${text}". Write: -- forerun: allow ${permitKinds.join('|')} <table>`,
    where: { line, ...(migration.file === undefined ? {} : { file: migration.file }) },
  }));
  return [...misread, ...judge(run.setup.gates, evidence, judged, run.setup.policy), ...notes];
}
