import type { CopyReport, ErrorReport, Event, Outcome, Promotion } from './events.ts';
import type { Finding } from './gate.ts';
import type { Drift } from './plan.ts';
import type { Evidence } from './seams/evidence.ts';

/** What a run came to: the `--json` document, and the value that the library returns. A stored format. */
export interface RunResult {
  readonly outcome: Outcome;
  readonly exitCode: number;
  readonly verb: string;
  /** Address without a password. */
  readonly database: string;
  readonly provider: string;
  readonly run: string;
  readonly startedAt: string;
  readonly ms: number;
  readonly migrations: readonly MigrationResult[];
  readonly drift: readonly Drift[];
  readonly findings: readonly Finding[];
  /** Every checkpoint and branch that the run made: how, how large, how long. */
  readonly copies: readonly MadeCopy[];
  readonly error?: ErrorReport;
}

export interface MigrationResult {
  readonly version: string;
  readonly name: string;
  readonly checksum: string;
  readonly outcome: 'not-reached' | 'passed' | 'blocked' | 'promoted' | 'rolled-back';
  readonly promotion: Promotion | null;
  /** Id of the checkpoint that holds main as it was just before; null where it was not promoted, and none is kept. */
  readonly checkpoint: string | null;
  /** Id of the branch that it was rehearsed on. */
  readonly branch: string | null;
  readonly durationMs: { readonly rehearsed?: number; readonly promoted?: number };
  readonly evidence: Evidence;
}

export interface MadeCopy extends CopyReport {
  readonly kind: 'checkpoint' | 'branch';
  readonly migration?: string;
}

/** Every report is made from the events alone, so that a saved event file gives the same. */
export function resultOf(events: readonly Event[]): RunResult {
  const started = of(events, 'run:started')[0];
  const finished = of(events, 'run:finished').at(-1);
  const planned = of(events, 'planned').at(-1);
  const outcome = finished?.outcome ?? 'interrupted';
  return {
    outcome,
    exitCode: exitCode(outcome, finished?.error),
    verb: started?.verb ?? '',
    database: started?.database ?? '',
    provider: started?.provider ?? '',
    run: started?.run ?? '',
    startedAt: started?.at ?? '',
    ms: finished?.ms ?? 0,
    migrations: (planned?.pending ?? []).map((migration) => migrationResult(migration, events)),
    drift: planned?.drift ?? [],
    findings: findingsOf(events),
    copies: of(events, 'copy:made').map(({ kind, copy, migration }) => ({
      kind,
      ...copy,
      ...(migration === undefined ? {} : { migration }),
    })),
    ...(finished?.error === undefined ? {} : { error: finished.error }),
  };
}

/** 0 done · 1 failed before anything was promoted · 2 wrong use · 3 blocked or rolled back · 4 main needs a person · 130/143. */
function exitCode(outcome: Outcome, error: ErrorReport | undefined): number {
  switch (outcome) {
    case 'promoted':
    case 'passed':
    case 'nothing-pending':
      return 0;
    case 'blocked':
    case 'rolled-back':
    case 'partly-promoted':
      return 3;
    case 'needs-person':
      return 4;
    case 'interrupted':
      return error?.message.includes('SIGTERM') ? 143 : 130;
    case 'failed':
      return wrongUse.includes(error?.code ?? '') ? 2 : 1;
  }
}

const wrongUse: readonly string[] = [
  'USAGE',
  'CONFIG',
  'BAD_TARGET',
  'BAD_MIGRATION',
  'NOT_FOUND',
  'FOREIGN_HISTORY',
  'NOT_REHEARSABLE',
];

function migrationResult(
  migration: { readonly version: string; readonly name: string; readonly checksum: string },
  events: readonly Event[],
): MigrationResult {
  const rehearsed = of(events, 'rehearsed').findLast((event) => event.migration === migration.name);
  const promoted = of(events, 'promoted').findLast((event) => event.migration === migration.name);
  const rolledBack = of(events, 'rolled-back').some((event) => event.migration === migration.name);
  const blocked = findingsOf(events).some(
    (finding) => finding.migration === migration.name && finding.severity === 'block',
  );
  const doubtful = of(events, 'run:finished').at(-1)?.outcome === 'needs-person';
  const checkpoint = of(events, 'copy:made').findLast(
    (event) => event.kind === 'checkpoint' && event.migration === migration.name,
  );
  return {
    ...migration,
    outcome: promoted
      ? 'promoted'
      : rolledBack
        ? 'rolled-back'
        : blocked
          ? 'blocked'
          : rehearsed
            ? 'passed'
            : 'not-reached',
    promotion: promoted?.how ?? null,
    checkpoint: promoted?.checkpoint ?? (doubtful ? checkpoint?.copy.id : undefined) ?? null,
    branch: rehearsed?.branch ?? null,
    durationMs: {
      ...(rehearsed === undefined ? {} : { rehearsed: rehearsed.ms }),
      ...(promoted === undefined ? {} : { promoted: promoted.ms }),
    },
    evidence: rehearsed?.evidence ?? {},
  };
}

/** Findings of the last rehearsal of each migration (a run that began again judged twice), and those of the run. */
function findingsOf(events: readonly Event[]): readonly Finding[] {
  const last = new Map(of(events, 'rehearsed').map((event) => [event.migration, event.findings]));
  return [
    ...[...last.values()].flat(),
    ...of(events, 'finding').map((event) => event.finding),
    ...of(events, 'rolled-back').map((event) => event.finding),
  ];
}

function of<Type extends Event['type']>(events: readonly Event[], type: Type): Extract<Event, { type: Type }>[] {
  return events.filter((event): event is Extract<Event, { type: Type }> => event.type === type);
}
