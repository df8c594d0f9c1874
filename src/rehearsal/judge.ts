import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { judge, type Finding } from '../gate.ts';
import {
  idlePermits,
  misreadPermits,
  nearestPermit,
  permitInCode,
  permitInConfig,
  permitsIn,
  type IdlePermit,
} from '../permits.ts';
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
  const inCode = isCode(migration, file);
  const found = judge(run.setup.gates, evidence, judged, run.setup.policy);
  // What was applied as it is, and a command, have no text to write a permit in.
  const elsewhere = (direction === 'down' && !own) || migration.continues === true;
  const advised = elsewhere ? found.map(permitInConfig) : inCode ? found.map(permitInCode) : found;
  const mark = inCode ? '//' : '--';
  const misread = misreadPermits(text).map((one) => ({
    line: one.line,
    message: `This permits nothing: "${one.text}". Write: ${mark} forerun: allow ${nearestPermit(one.text)}`,
  }));
  const idle = evidence.error === undefined ? await idleIn(run, text, evidence, found) : [];
  const warnings = [...misread, ...idle].map(({ line, message }) => ({
    gate: 'permits',
    severity: 'warn' as const,
    migration: migration.name,
    message,
    ...(line === undefined ? {} : { where: { line, ...(file === undefined ? {} : { file }) } }),
  }));
  return [...warnings, ...advised, ...notes];
}

/** What begins a comment is a matter of the file; of a function without one, of the language that we know. */
function isCode({ language }: Migration, file: string | undefined): boolean {
  return file === undefined ? language === 'code' : /^\.[cm]?[jt]sx?$/i.test(extname(file));
}

interface Idle {
  /** Absent where it stands in the configuration. */
  readonly line?: number;
  readonly message: string;
}

/**
 * Permits for tables that there are neither before nor after. One of the configuration is for every migration, those as
 * well that know nothing of its table: it is told where it was most likely meant for what was found.
 */
async function idleIn(run: Run, text: string, evidence: Evidence, found: readonly Finding[]): Promise<readonly Idle[]> {
  const seen = run.learnt.tables;
  for (const name of namesIn(evidence)) seen.add(name);
  const configured = run.setup.permits.map(({ what, subject }) => `-- forerun: allow ${what} ${subject}`).join('\n');
  const unknown = (tables: readonly string[]): readonly [own: readonly IdlePermit[], shared: readonly IdlePermit[]] => {
    const shared = idlePermits(configured, tables).filter(({ near }) => found.some((one) => isAbout(one, near)));
    return [idlePermits(text, tables), shared];
  };
  if (unknown([...seen]).flat().length === 0) return [];
  const { driver, main } = run.setup;
  await using connection = await driver.open(main);
  const onMain = (await driver.tables(connection)).map(({ table }) => table);
  const [own, shared] = unknown([...new Set([...onMain, ...seen])]);
  return [
    ...own.map((permit) => ({ line: permit.line, message: `This permits nothing: ${inWords(permit)}` })),
    ...[...new Set(shared.map(inWords))].map((words) => ({ message: `The configuration permits nothing by ${words}` })),
  ];
}

function namesIn({ tables = [], schema }: Evidence): readonly string[] {
  const changed = (schema?.diff ?? []).flatMap(({ object }) => /^table (.+)$/s.exec(object)?.[1] ?? []);
  return [...changed, ...tables.flatMap(({ table, renamedFrom }) => [table, renamedFrom ?? table])];
}

function isAbout({ severity, where }: Finding, table: string | undefined): boolean {
  return severity !== 'note' && table !== undefined && where?.table === table;
}

function inWords({ what, table, near }: IdlePermit): string {
  const meant = near === undefined ? '' : ` Did you mean ${near}?`;
  return `${what} ${table}. There is no such table, neither before the migration nor after it.${meant}`;
}
