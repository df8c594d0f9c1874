import type { Finding } from '../gate.ts';
import { nearest } from '../nearest.ts';
import {
  idlePermits,
  misreadPermits,
  nearestPermit,
  unusedPermits,
  type IdlePermit,
  type Permit,
  type UnusedPermit,
} from '../permits.ts';
import type { Run } from '../run-log.ts';
import type { Evidence } from '../seams/evidence.ts';

/** A permit that permits nothing. */
export interface Idle {
  /** A note where it is as it should be, and there was nothing to allow. */
  readonly severity: 'warn' | 'note';
  /** Absent where it stands in the configuration. */
  readonly line?: number;
  readonly message: string;
}

export interface Permitting {
  /** Where permits stand besides the configuration. */
  readonly text: string;
  /** What begins a comment there. */
  readonly mark: string;
  readonly evidence: Evidence;
  /** What the gates have found. */
  readonly found: readonly Finding[];
  /** What they would find by these permits alone. */
  asIf(permits: readonly Permit[]): readonly Finding[];
}

/** Misspelt permits, those for tables that there are not, and those that had nothing to allow. */
export async function idlePermitsIn(run: Run, permitting: Permitting): Promise<readonly Idle[]> {
  const { text, mark, evidence } = permitting;
  const misread = misreadPermits(text).map((one) => ({
    severity: 'warn' as const,
    line: one.line,
    message: `This permits nothing: "${one.text}". Write: ${mark} forerun: allow ${nearestPermit(one.text)}`,
  }));
  return evidence.error === undefined ? [...misread, ...(await idleIn(run, permitting))] : misread;
}

/**
 * One of the configuration is for every migration, those as well that know nothing of its table: it is told where it was
 * most likely meant for what was found.
 */
async function idleIn(run: Run, { text, evidence, found, asIf }: Permitting): Promise<readonly Idle[]> {
  const seen = run.learnt.tables;
  for (const name of namesIn(evidence)) seen.add(name);
  const configured = run.setup.permits.map(({ what, subject }) => `-- forerun: allow ${what} ${subject}`).join('\n');
  const unknown = (tables: readonly string[]): readonly [own: readonly IdlePermit[], shared: readonly IdlePermit[]] => {
    const shared = idlePermits(configured, tables).filter(({ near }) => found.some((one) => isAbout(one, near)));
    return [idlePermits(text, tables), shared];
  };
  const isKnown = unknown([...seen]).flat().length === 0;
  const tables = isKnown ? [...seen] : [...new Set([...(await tablesOnMain(run)), ...seen])];
  const [own, shared] = unknown(tables);
  let without: string | undefined;
  const isUsed = (permits: readonly Permit[]): boolean =>
    JSON.stringify(asIf(permits)) !== (without ??= JSON.stringify(asIf([])));
  // Of a migration that was taken back nobody has seen what became of rows.
  const unused = evidence.tables === undefined ? [] : unusedPermits(text, tables, isUsed);
  return [
    ...own.map((permit) => ({
      severity: 'warn' as const,
      line: permit.line,
      message: `This permits nothing: ${absent(permit)}`,
    })),
    ...[...new Set(shared.map(absent))].map((words) => ({
      severity: 'warn' as const,
      message: `The configuration permits nothing by ${words}`,
    })),
    ...unused.map((permit) => ({
      severity: 'note' as const,
      line: permit.line,
      message: nothingToAllow(permit, found),
    })),
  ];
}

async function tablesOnMain({ setup: { driver, main } }: Run): Promise<readonly string[]> {
  await using connection = await driver.open(main);
  return (await driver.tables(connection)).map(({ table }) => table);
}

function namesIn({ tables = [], schema }: Evidence): readonly string[] {
  const changed = (schema?.diff ?? []).flatMap(({ object }) => /^table (.+)$/s.exec(object)?.[1] ?? []);
  return [...changed, ...tables.flatMap(({ table, renamedFrom }) => [table, renamedFrom ?? table])];
}

function isAbout({ severity, where }: Finding, table: string | undefined): boolean {
  return severity !== 'note' && table !== undefined && where?.table === table;
}

function absent({ what, table, near }: IdlePermit): string {
  const meant = near === undefined ? '' : ` Did you mean ${near}?`;
  return `${what} ${table}. There is no such table, neither before the migration nor after it.${meant}`;
}

/** Most likely meant is a table of which something was found. */
function nothingToAllow({ what, table }: UnusedPermit, found: readonly Finding[]): string {
  const others = found.flatMap(({ where }) => where?.table ?? []).filter((other) => other !== table);
  const near = nearest(table, others);
  const question = near === undefined ? 'Is the name right?' : `Did you mean ${near}?`;
  return `allow ${what} ${table}: there was nothing to allow. ${question}`;
}
