import type { ErrorReport, Event, Outcome } from '../events.ts';
import { resultOf, type RunResult } from '../result.ts';
import type { Direction } from '../seams/source.ts';
import { shellWord } from '../shell-word.ts';
import { keepRunDocument } from '../run-documents.ts';
import type { Recovery } from './recover-verb.ts';
import { supervise, type Cut, type SuperviseOptions, type Supervised } from './supervisor.ts';

/** Runs a program that answers with a `RunResult` under supervision. A result comes whatever happens to the worker. */
export async function superviseRun(verb: string, options: SuperviseOptions = {}): Promise<RunResult> {
  return endingOf(verb, await supervise(options));
}

/** The result of a run whose worker answered, failed before it began, or was cut off. */
export async function endingOf(verb: string, ended: Supervised): Promise<RunResult> {
  if (ended.kind === 'done') return ended.value as RunResult;
  if (ended.kind === 'failed') {
    return ended.by === undefined
      ? failedRun(verb, ended.error, ended.events)
      : finished(verb, ended.events, 'interrupted', interruptedBy(ended.by), 0);
  }
  return cutOff(verb, ended);
}

/** The document of a run that never came to begin. */
export function failedRun(verb: string, error: ErrorReport, events: readonly Event[] = []): RunResult {
  return finished(verb, events, error.code === 'NEEDS_PERSON' ? 'needs-person' : 'failed', error, 0);
}

export function interruptedBy(by: NodeJS.Signals): ErrorReport {
  return { code: 'INTERRUPTED', message: `Interrupted (${by}).` };
}

/** How a worker that died by itself is reported. `doing` says what it was at, where that is known. */
export function crashed(how: string, doing?: string): ErrorReport {
  return {
    code: 'CRASHED',
    message: `The process that did the work ${how}${doing === undefined ? '' : ` while ${doing}`}.`,
    next: how.includes('SIGKILL')
      ? 'The system may have been short of memory. Then run again.'
      : 'See what it printed above, then run again.',
  };
}

/** The migration that a run was at, by what it said last. */
function doing(events: readonly Event[]): string | undefined {
  const told = new Set(events.flatMap((event) => (event.type === 'promoted' ? [event.migration] : [])));
  const promoting = events.findLast((event) => event.type === 'promoting');
  if (promoting?.type === 'promoting' && !told.has(promoting.migration)) {
    return promoting.how === 'swap' ? 'main became the branch' : `${promoting.migration} ran on main`;
  }
  const branched = events.findLastIndex((event) => event.type === 'copy:made' && event.kind === 'branch');
  if (branched < 0 || promoting !== undefined) return undefined;
  const planned = events.findLast((event) => event.type === 'planned');
  const pending = planned?.type === 'planned' ? planned.pending : [];
  const done = new Set(
    events.slice(branched).flatMap((event) => (event.type === 'rehearsed' ? [event.migration] : [])),
  );
  const next = pending.find(({ name }) => !done.has(name));
  return next === undefined ? undefined : `${next.name} was rehearsed`;
}

async function cutOff(verb: string, cut: Cut): Promise<RunResult> {
  const events = [...cut.events, ...afterwards(verb, cut)];
  const promoted = events.some((event) => event.type === 'promoted');
  const exposed = leftExposed(events);
  const outcome =
    exposed !== undefined
      ? 'needs-person'
      : cut.by !== undefined
        ? 'interrupted'
        : promoted
          ? 'partly-promoted'
          : 'failed';
  const why = cut.by !== undefined ? interruptedBy(cut.by) : crashed(cut.how, doing(cut.events));
  const error = exposed === undefined ? why : cutInTheMiddle(exposed, why);
  const result = finished(verb, events, outcome, error, cut.ms);
  if (isRecovery(cut.recovery)) await keepRunDocument(cut.recovery.home, result);
  return result;
}

function finished(verb: string, events: readonly Event[], outcome: Outcome, error: ErrorReport, ms: number): RunResult {
  return { ...resultOf([...events, { type: 'run:finished', outcome, error, ms }]), verb };
}

/** A migration that changed main outside of any transaction of ours, and has no history row. */
function leftExposed(events: readonly Event[]): string | undefined {
  const told = events.flatMap((event) => (event.type === 'promoted' ? [event.migration] : []));
  const exposed = events.flatMap((event) => (event.type === 'unprotected' ? [event.migration] : []));
  return exposed.find((migration) => !told.includes(migration));
}

function cutInTheMiddle(migration: string, { message }: ErrorReport): ErrorReport {
  return {
    code: 'NEEDS_PERSON',
    message: `${message.replace(/\.$/, '')} while ${migration} ran on main without a transaction of ours: a part of it may be committed, without its history row.`,
    next: `Look at main. Complete the migration by hand, then mark it as applied with: forerun baseline ${shellWord(migration)}; or undo what it did, then run again.`,
  };
}

/** What the recovery found out: what is on main after all, and what it did. */
function afterwards(verb: string, cut: Cut): readonly Event[] {
  if (!isRecovery(cut.recovery)) {
    const message = `What it left could not be cleaned up; the next run does it. ${cut.recovery.message}`;
    return [{ type: 'finding', finding: { gate: 'recovery', severity: 'note', message } }];
  }
  const { applied, findings, copies } = cut.recovery;
  const direction = verb === 'down' ? 'down' : 'up';
  const isDone = (name: string): boolean => applied.includes(name) === (direction === 'up');
  const gone = cut.events.flatMap((event) =>
    event.type === 'copy:made' && !copies.includes(event.copy.id)
      ? [{ type: 'copy:discarded' as const, copy: event.copy.id }]
      : [],
  );
  return [
    ...late(cut, direction, isDone),
    ...findings.map((finding) => ({ type: 'finding' as const, finding })),
    ...gone,
  ];
}

/** Migrations whose commit went through and whose message did not: the history row decides. */
function late({ events, silentMs }: Cut, direction: Direction, isDone: (name: string) => boolean): readonly Event[] {
  const told = new Set(events.flatMap((event) => (event.type === 'promoted' ? [event.migration] : [])));
  return events.flatMap((event): Event[] => {
    if (event.type !== 'promoting' || told.has(event.migration) || !isDone(event.migration)) return [];
    const { migration, how } = event;
    const made = events.findLast(
      (other) => other.type === 'copy:made' && other.kind === 'checkpoint' && other.migration === migration,
    );
    const back = made?.type === 'copy:made' ? { checkpoint: made.copy.id } : {};
    const message = `Its commit went through right before the process was ended: it is ${direction === 'up' ? 'on main' : 'reverted'}.`;
    return [
      { type: 'promoted', migration, how, direction, ms: silentMs, ...back },
      { type: 'finding', finding: { gate: 'recovery', severity: 'note', migration, message } },
    ];
  });
}

function isRecovery(recovery: Recovery | ErrorReport): recovery is Recovery {
  return 'applied' in recovery;
}
