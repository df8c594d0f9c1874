import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { judge, type Finding } from '../gate.ts';
import { permitInCode, permitInConfig, permitsIn, type Permit } from '../permits.ts';
import type { Run } from '../run-log.ts';
import type { Evidence } from '../seams/evidence.ts';
import type { Direction, Migration } from '../seams/source.ts';
import { idlePermitsIn } from './idle-permits.ts';

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
  const inCode = isCode(migration, file);
  const found = judge(run.setup.gates, evidence, judged, run.setup.policy);
  // What was applied as it is, and a command, have no text to write a permit in.
  const elsewhere = (direction === 'down' && !own) || migration.continues === true;
  const advised = elsewhere ? found.map(permitInConfig) : inCode ? found.map(permitInCode) : found;
  const asIf = (permits: readonly Permit[]): readonly Finding[] =>
    judge(run.setup.gates, evidence, { ...judged, permits }, run.setup.policy);
  const idle = await idlePermitsIn(run, { text, mark: inCode ? '//' : '--', evidence, found, asIf });
  const permitting = idle.map(({ severity, line, message }) => ({
    gate: 'permits',
    severity,
    migration: migration.name,
    message,
    ...(line === undefined ? {} : { where: { line, ...(file === undefined ? {} : { file }) } }),
  }));
  const [told, warned] = [permitting.filter(isNote), permitting.filter((finding) => !isNote(finding))];
  return [...warned, ...advised, ...told, ...notes];
}

function isNote({ severity }: Finding): boolean {
  return severity === 'note';
}

/** What begins a comment is a matter of the file; of a function without one, of the language that we know. */
function isCode({ language }: Migration, file: string | undefined): boolean {
  return file === undefined ? language === 'code' : /^\.[cm]?[jt]sx?$/i.test(extname(file));
}
