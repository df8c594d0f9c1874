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
  /** `interrupted` and `failed`: what the run was at when it ended, for a reason that says nothing about the migration. */
  readonly outcome: 'not-reached' | 'passed' | 'blocked' | 'promoted' | 'rolled-back' | 'interrupted' | 'failed';
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
  /** Set where it is there no more. */
  readonly discarded?: true;
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
    migrations: migrationResults(planned?.pending ?? [], events),
    drift: planned?.drift ?? [],
    findings: findingsOf(events),
    copies: madeCopies(events),
    ...(finished?.error === undefined ? {} : { error: finished.error }),
  };
}

function madeCopies(events: readonly Event[]): readonly MadeCopy[] {
  const discarded = new Set(of(events, 'copy:discarded').map(({ copy }) => copy));
  return of(events, 'copy:made').map(({ kind, copy, migration }) => ({
    kind,
    ...copy,
    ...(migration === undefined ? {} : { migration }),
    ...(discarded.has(copy.id) ? { discarded: true } : {}),
  }));
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

interface Named {
  readonly version: string;
  readonly name: string;
  readonly checksum: string;
}

function migrationResults(migrations: readonly Named[], events: readonly Event[]): readonly MigrationResult[] {
  const rehearsals = new Map(of(events, 'rehearsed').map((event) => [event.migration, event]));
  const promotions = new Map(of(events, 'promoted').map((event) => [event.migration, event]));
  const rolledBack = new Set(of(events, 'rolled-back').map((event) => event.migration));
  const blocked = new Set(
    findingsOf(events).flatMap(({ severity, migration }) => (severity === 'block' ? [migration] : [])),
  );
  const finished = of(events, 'run:finished').at(-1);
  const begun = begunIn(events);
  const ended = finished?.outcome ?? 'interrupted';
  const doubtful = ended === 'needs-person';
  const checkpoints = new Map(
    of(events, 'copy:made').flatMap(({ kind, migration, copy }) =>
      kind === 'checkpoint' ? [[migration, copy] as const] : [],
    ),
  );
  return migrations.map((migration) => {
    const { name } = migration;
    const [rehearsed, promoted] = [rehearsals.get(name), promotions.get(name)];
    const outcome = promoted
      ? 'promoted'
      : rolledBack.has(name)
        ? 'rolled-back'
        : blocked.has(name) || (doubtful && !rehearsed && finished?.error?.migration === name)
          ? 'blocked'
          : begun.has(name) && (ended === 'interrupted' || ended === 'failed')
            ? ended
            : rehearsed
              ? 'passed'
              : 'not-reached';
    return {
      ...migration,
      outcome,
      promotion: promoted?.how ?? null,
      checkpoint: promoted?.checkpoint ?? (doubtful ? checkpoints.get(name)?.id : undefined) ?? null,
      branch: rehearsed?.branch ?? null,
      durationMs: {
        ...(rehearsed === undefined ? {} : { rehearsed: rehearsed.ms }),
        ...(promoted === undefined ? {} : { promoted: promoted.ms }),
      },
      evidence: rehearsed?.evidence ?? {},
    };
  });
}

/** Migrations whose rehearsal or promotion began, and did not end. */
function begunIn(events: readonly Event[]): ReadonlySet<string> {
  const begun = new Set<string>();
  for (const event of events) {
    if (event.type === 'phase:started' && event.phase === 'rehearse') begun.add(event.subject ?? '');
    if (event.type === 'promoting') begun.add(event.migration);
    if (event.type === 'rehearsed' || event.type === 'promoted') begun.delete(event.migration);
  }
  return begun;
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
