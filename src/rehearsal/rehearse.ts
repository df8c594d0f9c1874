import { fingerprint } from '../checksum.ts';
import { copyReport } from '../copy-report.ts';
import { verdict, type Finding } from '../gate.ts';
import type { Run } from '../run-log.ts';
import { schemaDiff } from '../schema-diff.ts';
import { describeOf, schemaHistory } from '../schema-history.ts';
import type { Schema } from '../seams/driver.ts';
import type { CheckEvidence, Evidence, SchemaEvidence } from '../seams/evidence.ts';
import type { Branch, Checkpoint } from '../seams/provider.ts';
import type { Direction, Migration } from '../seams/source.ts';
import { throughUmzug } from '../through-umzug.ts';
import { applyObserved, Restart, type Applied } from './apply.ts';
import { runChecks } from './checks.ts';
import { damageCheck } from './damage.ts';
import { findingsAbout } from './judge.ts';
import { watchMain } from './leak.ts';
import { reverseTest } from './reverse.ts';

/** One migration as it went on the branch. */
export interface Step {
  readonly migration: Migration;
  /** Whether it ran inside one transaction of ours, so that it can be replayed on main. */
  readonly shared: boolean;
  /** Fingerprints of the branch around it. */
  readonly before: string;
  readonly after: string;
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
  /** What the branch was made from, where that is at hand. */
  readonly base?: Checkpoint;
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
  // Open all the time: whoever closes the last connection brings the WAL into the file, which takes longer than a migration.
  await using connection = await driver.open(branch.target);
  const storage = schemaHistory({
    driver,
    target: branch.target,
    session: connection,
    describe: describeOf(migrations),
  });
  await using observer = await driver.observe(branch.target);
  await using watch = await watchMain(run, migrations);
  await using reverse = reverseTest(run, branch, options);
  await using damage = damageCheck(run, branch, options.base, migrations);
  const checksBefore = await checksOn(run, branch, 'before');
  let schema = await driver.schema(connection);
  try {
    await throughUmzug(migrations, storage, options.direction, async (migration) => {
      const last = migration === migrations.at(-1);
      const snapshot =
        options.snapshots === 'always' && steps.length > 0 ? await snapshotBefore(run, branch, migration) : undefined;
      const start = performance.now();
      await reverse.prepare(migration);
      const applied = await run.phase('rehearse', migration.name, () =>
        applyObserved(run, { branch, observer }, migration, options),
      );
      if (mustKeepSnapshots(applied, options, migrations.length)) throw new Restart(migration.name, 'unshared');
      const after = applied.error === undefined ? (applied.schema ?? (await driver.schema(connection))) : schema;
      await watch.verify(migration);
      const down = applied.error === undefined ? await reverse.test(migration) : undefined;
      const checksAfter =
        applied.error === undefined && (last || options.checkEach) ? await checksOn(run, branch, 'after') : noChecks;
      const evidence = compose(
        applied,
        schema,
        after,
        down,
        checksAfter === noChecks ? noChecks : checksBefore,
        checksAfter,
      );
      const broken =
        last && applied.error === undefined
          ? await damage.finish([...steps.map((step) => step.evidence), evidence])
          : [];
      const complete =
        broken.length > 0 ? { ...evidence, integrity: [...(evidence.integrity ?? []), ...broken] } : evidence;
      const findings = findingsAbout(run, migration, complete);
      run.emit({
        type: 'rehearsed',
        migration: migration.name,
        branch: branch.id,
        ms: performance.now() - start,
        shared: applied.shared,
        evidence: complete,
        findings,
      });
      steps.push({
        migration,
        shared: applied.shared,
        before: evidence.schema.before,
        after: evidence.schema.after,
        evidence: complete,
        findings,
        ...(snapshot === undefined ? {} : { snapshot }),
      });
      schema = after;
      if (verdict(findings) === 'block') throw new Stop();
    });
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
  }
  return { branch, direction: options.direction, steps };
}

/** A migration that went well outside our transaction makes a swap of the batch, whose inner states are then kept. */
function mustKeepSnapshots(applied: Applied, options: RehearsalOptions, count: number): boolean {
  return applied.error === undefined && !applied.shared && options.snapshots === 'if-swapped' && count > 1;
}

interface Checked {
  readonly checks: readonly CheckEvidence[];
  readonly metrics: Readonly<Record<string, number>>;
}

const noChecks: Checked = { checks: [], metrics: {} };

async function checksOn(run: Run, branch: Branch, when: CheckEvidence['when']): Promise<Checked> {
  if (run.setup.checks.length === 0) return noChecks;
  return run.phase('check', when, () => runChecks(run, branch, when));
}

async function snapshotBefore(run: Run, branch: Branch, migration: Migration): Promise<Checkpoint> {
  const snapshot = await run.setup.provider.snapshot(branch, {
    label: migration.name,
    run: run.id,
    signal: run.signal,
  });
  run.emit({ type: 'copy:made', kind: 'checkpoint', copy: copyReport(snapshot), migration: migration.name });
  return snapshot;
}

function compose(
  applied: Applied,
  before: Schema,
  after: Schema,
  down: Evidence['down'],
  first: Checked,
  last: Checked,
): Evidence & { readonly schema: SchemaEvidence } {
  const checks = [...first.checks, ...last.checks];
  const metrics = { ...first.metrics, ...last.metrics };
  return {
    ...applied.evidence,
    ...(applied.error === undefined ? {} : { error: applied.error }),
    schema: { before: fingerprint(before), after: fingerprint(after), diff: schemaDiff(before, after) },
    ...(down === undefined ? {} : { down }),
    ...(checks.length > 0 ? { checks } : {}),
    ...(Object.keys(metrics).length > 0 ? { metrics } : {}),
  };
}
