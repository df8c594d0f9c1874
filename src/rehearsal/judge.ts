import { readFile } from 'node:fs/promises';
import { judge, type Finding } from '../gate.ts';
import { misreadPermits, permitInConfig, permitKinds, permitsIn } from '../permits.ts';
import type { Run } from '../run-log.ts';
import type { Evidence } from '../seams/evidence.ts';
import type { Direction, Migration } from '../seams/source.ts';

/**
 * Puts all gates to the evidence about one migration, and adds the notes that no gate judges. A down in a file of its own
 * has its permits there; any other was applied as it is, and what it may do stands in the configuration.
 */
export async function findingsAbout(
  run: Run,
  migration: Migration,
  evidence: Evidence,
  direction: Direction,
): Promise<readonly Finding[]> {
  const file = direction === 'down' ? (migration.downFile ?? migration.file) : migration.file;
  const own = direction === 'down' && migration.downFile !== undefined;
  const text = own ? await readFile(migration.downFile, 'utf8').catch(() => '') : migration.text;
  const judged = {
    name: migration.name,
    ...(file === undefined ? {} : { file }),
    permits: [...run.setup.permits, ...permitsIn(text)],
    limits: run.setup.limits,
  };
  const notes = (evidence.notes ?? []).map((message) => ({
    gate: 'rehearsal',
    severity: 'note' as const,
    migration: migration.name,
    message,
  }));
  const misread = misreadPermits(text).map(({ line, text }) => ({
    gate: 'permits',
    severity: 'warn' as const,
    migration: migration.name,
    message: `This permits nothing: "${text}". Write: -- forerun: allow ${permitKinds.join('|')} <table>`,
    where: { line, ...(file === undefined ? {} : { file }) },
  }));
  const found = judge(run.setup.gates, evidence, judged, run.setup.policy);
  return [...misread, ...(direction === 'down' && !own ? found.map(permitInConfig) : found), ...notes];
}
