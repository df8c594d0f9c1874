import { fingerprint } from '../checksum.ts';
import { copyReport } from '../copy-report.ts';
import { verdict, type Finding } from '../gate.ts';
import type { Run } from '../run-log.ts';
import { schemaDiff } from '../schema-diff.ts';
import { describeOf, schemaHistory } from '../schema-history.ts';
import type { Schema } from '../seams/driver.ts';
import type { CheckEvidence, Evidence, SchemaEvidence, Violation } from '../seams/evidence.ts';
import type { Branch, Checkpoint } from '../seams/provider.ts';
import type { Direction, Migration } from '../seams/source.ts';
import { throughUmzug } from '../through-umzug.ts';
import { applyObserved, Restart, type Applied } from './apply.ts';
import { runChecks } from './checks.ts';
import { compared } from './compared.ts';
import { newDamage } from './damage.ts';
import { findingsAbout } from './judge.ts';
import { hold, type Held } from './held.ts';
import { watchMain, type MainWatch } from './leak.ts';
import { reverseTest, type ReverseTest } from './reverse.ts';

/** One migration as it went on the branch. */
export interface Step {
  readonly migration: Migration;
  /** Whether it ran inside one transaction of ours, so that it can be replayed on main. */
  readonly shared: boolean;
  /** Fingerprints of the branch around it. */
  readonly before: string;
  readonly after: string;
  /** The branch's behind it, where main will be compared with it after main has changed for good. */
  readonly schema?: Schema;
  readonly evidence: Evidence;
  readonly findings: readonly Finding[];
  /** The branch just before it, where the whole batch is to be swapped. */
  readonly snapshot?: Checkpoint;
}

export interface Rehearsal {
  readonly branch: Branch;
  readonly direction: Direction;
  readonly steps: readonly Step[];
}

export interface RehearsalOptions {
  readonly direction: Direction;
  /** Migrations that were seen to end our transaction: they run without one. */
  readonly alone: ReadonlySet<string>;
  /**
   * Whether to keep the branch's state before the second and each later migration. `if-swapped`: the rehearsal begins
   * again with snapshots once it is known that the batch cannot be replayed.
   */
  readonly snapshots: 'always' | 'if-swapped' | 'never';
  /** Whether the user's checks run after every migration, or after the last alone. */
  readonly checkEach: boolean;
  readonly base?: Base;
  /** Whether the checkpoint is left behind only where a person is needed. */
  readonly leavesNothing: boolean;
}

/** What a branch was made from, where that is at hand. */
export interface Base {
  readonly checkpoint: Checkpoint;
  /** What is broken in it: looked for meanwhile. Absent where that cannot be. */
  readonly damage?: Promise<readonly Violation[]>;
}

/** Thrown inside Umzug's `up` to end it at the first migration that does not pass. */
class Stop extends Error {}

/** Applies migrations to a branch, one by one, gathers evidence after each and judges it. Ends at the first that blocks. */
export async function rehearse(
  run: Run,
  branch: Branch,
  migrations: readonly Migration[],
  options: RehearsalOptions,
): Promise<Rehearsal> {
  const steps: Step[] = [];
  const { driver } = run.setup;
  await using held = hold(run.setup, branch);
  const { session } = held;
  const storage = schemaHistory({ driver, target: branch.target, session, describe: describeOf(migrations) });
  await using watch = await watchMain(run, migrations, options);
  await using reverse = reverseTest(run, branch, held, options);
  const checksBefore = await checksOn(run, branch, 'before', watch);
  const stage: Stage = { branch, held, watch, reverse, migrations, options, checksBefore, steps };
  let schema = await held.ask((now) => driver.schema(now));
  try {
    await throughUmzug(migrations, storage, options.direction, async (migration) => {
      const { step, after } = await rehearseOne(run, stage, migration, schema);
      steps.push(step);
      schema = after;
      if (verdict(step.findings) === 'block') throw new Stop();
    });
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
  }
  return { branch, direction: options.direction, steps };
}

/** What stays the same from one migration to the next. */
interface Stage {
  readonly branch: Branch;
  readonly held: Held;
  readonly watch: MainWatch;
  readonly reverse: ReverseTest;
  readonly migrations: readonly Migration[];
  readonly options: RehearsalOptions;
  readonly checksBefore: Checked;
  /** Those of the migrations before. */
  readonly steps: readonly Step[];
}

async function rehearseOne(
  run: Run,
  stage: Stage,
  migration: Migration,
  before: Schema,
): Promise<{ readonly step: Step; readonly after: Schema }> {
  const { branch, held, watch, options } = stage;
  const snapshot =
    options.snapshots === 'always' && stage.steps.length > 0 ? await snapshotBefore(run, stage, migration) : undefined;
  const start = performance.now();
  const down = await stage.reverse.test(migration);
  if (down !== undefined) await watch.verify(migration);
  const kept = await stateBefore(run, stage, migration);
  const observed = { branch, observer: await held.observer() };
  const applied = await run
    .phase('rehearse', migration.name, () => applyObserved(run, observed, migration, options))
    // What begins again is watched anew, from main as it is then.
    .finally(() => watch.verify(migration));
  const known = await rowsTold(run, stage, migration, applied, kept);
  if (mustKeepSnapshots(applied, options, stage.migrations.length)) {
    // What is seen again is judged then; what is not must not go unsaid.
    if (down?.fails !== undefined) run.note('reversible', `Before the rehearsal began again: ${down.fails}`);
    throw new Restart(migration.name, 'unshared');
  }
  const went = applied.error === undefined;
  const after = went ? (applied.schema ?? (await held.ask((session) => run.setup.driver.schema(session)))) : before;
  const checked = went && (migration === stage.migrations.at(-1) || options.checkEach);
  if (checked) await held.letGo();
  const checks = checked ? [stage.checksBefore, await checksOn(run, branch, 'after', watch)] : [];
  const evidence = await withDamage(
    run,
    stage,
    migration,
    compose({ ...applied, evidence: known }, before, after, went ? down : undefined, checks),
  );
  const findings = await findingsAbout(run, migration, evidence, options.direction);
  const { shared } = applied;
  const ms = performance.now() - start;
  run.emit({ type: 'rehearsed', migration: migration.name, branch: branch.id, ms, shared, evidence, findings });
  const step = {
    migration,
    shared,
    before: evidence.schema.before,
    after: evidence.schema.after,
    ...(shared ? {} : { schema: after }),
    evidence,
    findings,
    ...(snapshot === undefined ? {} : { snapshot }),
  };
  return { step, after };
}

/** A copy of the branch as it is, where it is known that rows will have to be compared with it. */
async function stateBefore(run: Run, { branch, held }: Stage, { name }: Migration): Promise<Branch | undefined> {
  if (!run.learnt.uncompared.has(name)) return undefined;
  await held.letGo();
  return run.setup.provider.branch(branch, { label: `${run.id}-before`, run: run.id, signal: run.signal });
}

/** What became of the rows, by comparison where counters do not tell. `kept` is thrown away. */
async function rowsTold(
  run: Run,
  { branch, steps, options, held }: Stage,
  { name }: Migration,
  { evidence, error }: Applied,
  kept: Branch | undefined,
): Promise<Evidence> {
  try {
    if (error !== undefined || evidence.needsComparison === undefined) return evidence;
    const before = kept ?? (steps.length === 0 ? options.base?.checkpoint : undefined);
    if (before === undefined) throw new Restart(name, 'uncompared');
    return await compared(run, before, branch, evidence);
  } finally {
    if (kept !== undefined) {
      await held.letGo();
      await run.setup.provider.discard(kept);
    }
  }
}

/** After the last migration, what is broken on the branch is looked for. */
async function withDamage(run: Run, stage: Stage, migration: Migration, evidence: Composed): Promise<Composed> {
  const { branch, migrations, steps, options } = stage;
  if (migration !== migrations.at(-1) || evidence.error !== undefined) return evidence;
  const all = [...steps.map((step) => step.evidence), evidence];
  const damage = await newDamage(run, branch, migrations, all, options.base?.damage);
  return damage.length > 0 ? { ...evidence, integrity: [...(evidence.integrity ?? []), ...damage] } : evidence;
}

/** A migration that went well outside our transaction makes a swap of the batch, whose inner states are then kept. */
function mustKeepSnapshots(applied: Applied, options: RehearsalOptions, count: number): boolean {
  return applied.error === undefined && !applied.shared && options.snapshots === 'if-swapped' && count > 1;
}

interface Checked {
  readonly checks: readonly CheckEvidence[];
  readonly metrics: Readonly<Record<string, number>>;
}

async function checksOn(run: Run, branch: Branch, when: CheckEvidence['when'], watch: MainWatch): Promise<Checked> {
  if (run.setup.checks.length === 0) return { checks: [], metrics: {} };
  const checked = await run.phase('check', when, () => runChecks(run, branch, when));
  await watch.verify('checks');
  return checked;
}

async function snapshotBefore(run: Run, { branch, held }: Stage, migration: Migration): Promise<Checkpoint> {
  await held.letGo();
  const snapshot = await run.setup.provider.snapshot(branch, {
    label: migration.name,
    run: run.id,
    signal: run.signal,
  });
  run.emit({ type: 'copy:made', kind: 'checkpoint', copy: copyReport(snapshot), migration: migration.name });
  return snapshot;
}

type Composed = Evidence & { readonly schema: SchemaEvidence };

function compose(
  applied: Applied,
  before: Schema,
  after: Schema,
  down: Evidence['down'],
  checked: readonly Checked[],
): Composed {
  const checks = checked.flatMap((one) => one.checks);
  const metrics = Object.assign({}, ...checked.map((one) => one.metrics)) as Record<string, number>;
  return {
    ...applied.evidence,
    ...(applied.error === undefined ? {} : { error: applied.error }),
    schema: { before: fingerprint(before), after: fingerprint(after), diff: schemaDiff(before, after) },
    ...(down === undefined ? {} : { down }),
    ...(checks.length > 0 ? { checks } : {}),
    ...(Object.keys(metrics).length > 0 ? { metrics } : {}),
  };
}
