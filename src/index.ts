import { resolveConfig, type Config } from './config.ts';
import {
  branchOptions,
  deployOptions,
  diffOptions,
  discardOptions,
  gateOptions,
  refuseOddOptions,
  refuseUnknownOptions,
  statusOptions,
} from './known-options.ts';
import type { DownOptions, UpOptions } from './run.ts';
import type { RunOptions } from './run-log.ts';
import type { RunResult } from './result.ts';
import type { Selection } from './plan.ts';
import type { BranchInfo, BranchOptions, CopyInfo } from './verbs/copies.ts';
import type { Difference, DiffOptions } from './verbs/diff.ts';
import type { Diagnosis } from './verbs/doctor.ts';
import type { Initialized } from './verbs/init.ts';
import type { RollbackPreview } from './verbs/rollback.ts';
import type { Status, StatusOptions } from './verbs/status.ts';
import { toldTo } from './telling.ts';
import type { HistoryRow } from './seams/records.ts';

// Each verb is loaded when it is called: of all of them a program calls a few, and most of the time of a small one would
// go into reading the others.

/** A listener for a verb that is no run: it is told for whom or what the verb waits. */
export type Heard = Pick<RunOptions, 'onEvent'>;

/** Applies pending migrations; with `safe`, rehearsed on a branch first. Rolled back is a result, not an exception. */
export async function up(config: Config, options?: UpOptions): Promise<RunResult> {
  refuseUnknownOptions(options, deployOptions);
  refuseOddOptions(options);
  const [verb, setup] = await Promise.all([import('./run.ts'), resolveConfig(config)]);
  return verb.up(setup, options);
}

/** Reverts applied migrations, the last one by default. */
export async function down(config: Config, options?: DownOptions): Promise<RunResult> {
  refuseUnknownOptions(options, deployOptions);
  refuseOddOptions(options);
  const [verb, setup] = await Promise.all([import('./run.ts'), resolveConfig(config)]);
  return verb.down(setup, options);
}

/** Rehearses what is pending and judges it; never touches main. */
export async function gate(config: Config, options?: Selection & RunOptions): Promise<RunResult> {
  refuseUnknownOptions(options, gateOptions);
  refuseOddOptions(options);
  const [verb, setup] = await Promise.all([import('./run.ts'), resolveConfig(config)]);
  return verb.gate(setup, options);
}

/** What is applied, what is pending, what files and history disagree on, and whether a run was left unfinished. */
export async function status(config: Config, options?: StatusOptions & Heard): Promise<Status> {
  refuseUnknownOptions(options, statusOptions);
  const verb = await import('./verbs/status.ts');
  return verb.status(toldTo(await resolveConfig(config), options), options);
}

/** Commits a checkpoint of main by hand; it lives until it is discarded. */
export async function checkpoint(config: Config, label?: string, options?: RunOptions): Promise<CopyInfo> {
  const verb = await import('./verbs/copies.ts');
  return verb.checkpoint(toldTo(await resolveConfig(config), options), label, options);
}

/** Every checkpoint of main, oldest first. */
export async function checkpoints(config: Config): Promise<readonly CopyInfo[]> {
  const verb = await import('./verbs/copies.ts');
  return verb.checkpoints(await resolveConfig(config));
}

/** Makes a branch from main, or from a checkpoint or another branch; it stays reachable until it is discarded. */
export async function branch(config: Config, options?: BranchOptions & Heard): Promise<BranchInfo> {
  refuseUnknownOptions(options, branchOptions);
  const verb = await import('./verbs/copies.ts');
  return verb.branch(toldTo(await resolveConfig(config), options), options);
}

/** Every branch of main, oldest first. */
export async function branches(config: Config): Promise<readonly CopyInfo[]> {
  const verb = await import('./verbs/copies.ts');
  return verb.branches(await resolveConfig(config));
}

/** Discards copies by id, name or pattern (`*`), with everything made from them if `recursive`. */
export async function discard(
  config: Config,
  pattern: string,
  options?: { readonly recursive?: boolean },
): Promise<readonly CopyInfo[]> {
  refuseUnknownOptions(options, discardOptions);
  const verb = await import('./verbs/copies.ts');
  return verb.discard(await resolveConfig(config), pattern, options);
}

/** What a rollback to a checkpoint would take back. */
export async function previewRollback(config: Config, checkpoint: string, options?: Heard): Promise<RollbackPreview> {
  const verb = await import('./verbs/rollback.ts');
  return verb.previewRollback(toldTo(await resolveConfig(config), options), checkpoint);
}

/** Returns main to a checkpoint, behind a checkpoint of main as it is. Discards what anybody wrote since. */
export async function rollback(config: Config, checkpoint: string, options?: RunOptions): Promise<RollbackPreview> {
  const verb = await import('./verbs/rollback.ts');
  return verb.rollback(toldTo(await resolveConfig(config), options), checkpoint, options);
}

/** Runs a program with the database variable pointing at a branch, and answers with its exit code. */
export async function exec(config: Config, branch: string, command: readonly string[]): Promise<number> {
  const verb = await import('./verbs/exec.ts');
  return verb.exec(await resolveConfig(config), branch, command);
}

/** What differs between two of main, branches and checkpoints: schema, rows, sizes, and a query's answers. */
export async function diff(config: Config, a: string, b: string, options?: DiffOptions & Heard): Promise<Difference> {
  refuseUnknownOptions(options, diffOptions);
  const verb = await import('./verbs/diff.ts');
  return verb.diff(toldTo(await resolveConfig(config), options), a, b, options);
}

/** Makes main what a branch is, through the same gates and the same compare-and-swap as `up`. */
export async function promote(config: Config, branch: string, options?: RunOptions): Promise<RunResult> {
  const verb = await import('./verbs/promote.ts');
  return verb.promoteBranch(await resolveConfig(config), branch, options);
}

/** Accepts the present text of changed files (one, or all of them), with a reason that is kept. */
export async function repair(
  config: Config,
  name: string | undefined,
  reason: string,
  options?: Heard,
): Promise<readonly HistoryRow[]> {
  const verb = await import('./verbs/history.ts');
  return verb.repair(toldTo(await resolveConfig(config), options), name, reason);
}

/** Marks an existing database as being at a version: that migration and all before it count as applied. */
export async function baseline(config: Config, version: string, options?: Heard): Promise<readonly HistoryRow[]> {
  const verb = await import('./verbs/history.ts');
  return verb.baseline(toldTo(await resolveConfig(config), options), version);
}

/** Looks at rights, programs, versions and disk, and says which provider would be used at what cost. Changes nothing. */
export async function doctor(config: Config, options?: Heard): Promise<readonly Diagnosis[]> {
  const verb = await import('./verbs/doctor.ts');
  return verb.doctor(toldTo(await resolveConfig(config), options));
}

/** Writes a new plain SQL migration in the form of those that are there, and answers with the paths written. */
export async function create(config: Config, name: string): Promise<readonly string[]> {
  const verb = await import('./verbs/create.ts');
  return verb.create(config, name);
}

/** Sets a project up: a configuration, npm scripts, a line in `.gitignore`. Never overwrites anything. */
export async function init(root: string): Promise<Initialized> {
  const verb = await import('./verbs/init.ts');
  return verb.init(root);
}

export { defineConfig, type CheckFunction, type Config } from './config.ts';
export { ForerunError, isForerunError, type ErrorCode, type ErrorDetails } from './error.ts';
export { schemaHistory, type HistoryStorage, type SchemaHistoryOptions } from './schema-history.ts';
export type {
  BranchOptions,
  BranchInfo,
  CopyInfo,
  Diagnosis,
  Difference,
  DiffOptions,
  DownOptions,
  Initialized,
  RollbackPreview,
  RunOptions,
  RunResult,
  Selection,
  Status,
  StatusOptions,
  UpOptions,
};
export type { MigrationResult } from './result.ts';
export type { Event, Listener, Outcome, Phase, Promotion } from './events.ts';
export type { Finding, Gate, Judged, Policy, Severity } from './gate.ts';
export type { Drift } from './plan.ts';
export type { Limit, Limits } from './limits.ts';
export type { Permit } from './permits.ts';
export type { CheckAnswer, CheckContext } from './setup.ts';
export type * from './seams/driver.ts';
export type * from './seams/records.ts';
export type * from './seams/evidence.ts';
export type * from './seams/provider.ts';
export type * from './seams/adapter.ts';
export type * from './seams/source.ts';
export type * from './seams/target.ts';
