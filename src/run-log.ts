import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Event, Listener, Outcome, Phase } from './events.ts';
import { isForerunError, messageOf } from './error.ts';
import { errorReport } from './error-report.ts';
import { resultOf, type RunResult } from './result.ts';
import { keepRunDocument } from './run-documents.ts';
import type { Checksum, Direction, Stretch } from './seams/source.ts';
import type { Setup } from './setup.ts';
import { telling } from './telling.ts';

/** One run: its name, its events so far, and the signal that ends it. */
export interface Run {
  readonly id: string;
  readonly host: string;
  readonly setup: Setup;
  readonly signal: AbortSignal;
  /** Of the journal's entry that this run found when it began, until it has claimed main; then its own. */
  epoch: number;
  /** The runs before this one that checkpoints are kept of, oldest first; empty until main has been claimed. */
  earlier: readonly string[];
  /** Whether it was said which way of copying main was chosen. */
  explained: boolean;
  /** Whether it was said what a rehearsal cannot tell. */
  surveyed: boolean;
  /** What rehearsals have taught about the migrations. */
  readonly learnt: {
    readonly escaped: Set<string>;
    readonly uncompared: Set<string>;
    /** Names of the tables that migrations were seen to make, write or drop. */
    readonly tables: Set<string>;
    unshared: boolean;
  };
  /** The migration that is in the middle on main: left there by an earlier run to go on from, or by this one. */
  middle: Middle | undefined;
  /** Ids of the checkpoints that are kept: they lead back from what this run promoted, or show what somebody wrote. */
  readonly waysBack: Set<string>;
  /** Whether all checkpoints of this run are kept, because it is in doubt what is on main. */
  inDoubt: boolean;
  /** The first pending migration, where nothing counts as applied: it may have been applied by other means. */
  adoptable: string | undefined;
  /** What may have written main while it was rehearsed. */
  readonly suspects: {
    /** Names of what that was said of. */
    readonly told: Set<string>;
    /** Id of the checkpoint before the first of them, which shows all that was written since. */
    before: string | undefined;
  };
  emit(event: Event): void;
  /** Announces a step before and after, with its time. */
  phase<T>(phase: Phase, subject: string | undefined, step: () => Promise<T>): Promise<T>;
  /** Says that what the step at hand looks at is not as it should be, although the run goes on. */
  failing(): void;
  /** Says something at once: for whom the run waits, what it is about to do. */
  tell(message: string): void;
  /** Says something a person should know (I8). */
  note(gate: string, message: string, migration?: string): void;
}

/** A migration that is on main in part. */
export interface Middle {
  readonly migration: string;
  readonly checksum: Checksum;
  readonly direction: Direction;
  /** The last stretch that is on main; absent where nobody can tell how much of it is. */
  readonly stretch?: Stretch;
}

export interface RunOptions {
  readonly signal?: AbortSignal;
  /** Watches the run; what it throws is noted in the result and stops nothing. */
  readonly onEvent?: Listener;
}

/** What the body of a run answers with; the result says the rest. */
export type Ending = Extract<
  Outcome,
  'promoted' | 'passed' | 'nothing-pending' | 'blocked' | 'rolled-back' | 'partly-promoted'
>;

/** Runs `body`, keeps every event, and turns whatever happens into a result. */
export async function recorded(
  setup: Setup,
  verb: string,
  safe: boolean,
  options: RunOptions,
  body: (run: Run) => Promise<Ending>,
): Promise<RunResult> {
  const events: Event[] = [];
  const start = performance.now();
  const run = newRun(setup, options, events);
  run.emit({
    type: 'run:started',
    run: run.id,
    verb,
    safe,
    database: setup.main.url,
    provider: setup.provider.name,
    source: setup.source.name,
    at: new Date().toISOString(),
  });
  try {
    const outcome = await body(run);
    run.emit({ type: 'run:finished', outcome, ms: performance.now() - start });
  } catch (error) {
    run.emit({ type: 'run:finished', ...failure(error, options.signal, events), ms: performance.now() - start });
  }
  await endSessions(run);
  return kept(setup, events);
}

/** Those that are lost need no end: it changes nothing about what the run came to. */
async function endSessions(run: Run): Promise<void> {
  try {
    await run.setup.driver.rest?.();
  } catch (error) {
    run.note('tidy', `A session was left to end by itself: ${messageOf(error)}`);
  }
}

/** The result, and its document beside main; a run that found nothing to do leaves none. */
async function kept(setup: Setup, events: Event[]): Promise<RunResult> {
  const result = resultOf(events);
  if (result.outcome === 'nothing-pending') return result;
  try {
    await keepRunDocument(setup.driver.home(setup.main), result);
    return result;
  } catch (error) {
    const message = `The document of the run could not be kept: ${messageOf(error)}`;
    events.push({ type: 'finding', finding: { gate: 'document', severity: 'note', message } });
    return resultOf(events);
  }
}

/** Sorts and reads well in a list of files: the time in UTC, then four random letters. */
function newId(): string {
  const time = new Date().toISOString().replace(/[-:]/g, '').slice(0, 15).replace('T', '-');
  return `${time}-${randomBytes(2).toString('hex')}`;
}

function newRun(setup: Setup, options: RunOptions, events: Event[]): Run {
  let deaf = false;
  const deafen = (error: unknown): void => {
    if (deaf) return;
    deaf = true;
    events.push({
      type: 'finding',
      finding: {
        gate: 'listener',
        severity: 'note',
        message: `The listener threw and was told no more: ${messageOf(error)}`,
      },
    });
  };
  const emit = (event: Event): void => {
    events.push(event);
    if (event.type === 'promoted' && event.checkpoint !== undefined) run.waysBack.add(event.checkpoint);
    if (deaf) return;
    try {
      // Typed as void, so that it may be async, too: what it rejects with must not end this process.
      const told: unknown = options.onEvent?.(event);
      if (told instanceof Promise) told.catch(deafen);
    } catch (error) {
      deafen(error);
    }
  };
  const tell = (message: string): void => emit({ type: 'told', message });
  const id = newId();
  const run: Run = {
    id,
    host: hostname(),
    setup: { ...setup, driver: telling(setup.driver.forRun?.(id) ?? setup.driver, tell, options.signal) },
    signal: options.signal ?? new AbortController().signal,
    epoch: 0,
    earlier: [],
    explained: false,
    surveyed: false,
    learnt: { escaped: new Set(), uncompared: new Set(), tables: new Set(), unshared: false },
    middle: undefined,
    waysBack: new Set(),
    inDoubt: false,
    adoptable: undefined,
    suspects: { told: new Set(), before: undefined },
    emit,
    ...phases(emit),
    tell,
    note(gate, message, migration) {
      emit({
        type: 'finding',
        finding: { gate, severity: 'note', message, ...(migration === undefined ? {} : { migration }) },
      });
    },
  };
  return run;
}

function phases(emit: (event: Event) => void): Pick<Run, 'phase' | 'failing'> {
  const steps: { failing: boolean }[] = [];
  return {
    async phase(phase, subject, step) {
      const about = subject === undefined ? {} : { subject };
      const start = performance.now();
      const state = { failing: false };
      steps.push(state);
      emit({ type: 'phase:started', phase, ...about, at: new Date().toISOString() });
      const answer = await step().finally(() => steps.splice(steps.indexOf(state), 1));
      const ms = performance.now() - start;
      emit({ type: 'phase:finished', phase, ...about, ms, ...(state.failing ? { failing: true } : {}) });
      return answer;
    },
    failing() {
      const state = steps.at(-1);
      if (state !== undefined) state.failing = true;
    },
  };
}

function failure(
  error: unknown,
  signal: AbortSignal | undefined,
  events: readonly Event[],
): Pick<Extract<Event, { type: 'run:finished' }>, 'outcome' | 'error'> {
  const promoted = events.some((event) => event.type === 'promoted');
  const report = errorReport(error);
  // An interruption does not undo what is on main already.
  if (report.code === 'NEEDS_PERSON') return { outcome: 'needs-person', error: report };
  if (signal?.aborted) {
    const by = isForerunError(signal.reason, 'INTERRUPTED') ? signal.reason.details.by : 'abort';
    return { outcome: 'interrupted', error: { code: 'INTERRUPTED', message: `Interrupted (${by}).` } };
  }
  return { outcome: promoted ? 'partly-promoted' : 'failed', error: report };
}
