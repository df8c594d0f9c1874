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
import * as runs from './run.ts';
import type { DownOptions, UpOptions } from './run.ts';
import type { RunOptions } from './run-log.ts';
import type { RunResult } from './result.ts';
import type { Selection } from './plan.ts';
import * as copies from './verbs/copies.ts';
import type { BranchOptions, CopyInfo } from './verbs/copies.ts';
import { diff as diffVerb, type Difference, type DiffOptions } from './verbs/diff.ts';
import { doctor as doctorVerb, type Diagnosis } from './verbs/doctor.ts';
import { exec as execVerb } from './verbs/exec.ts';
import * as history from './verbs/history.ts';
import { promoteBranch } from './verbs/promote.ts';
import * as rollbacks from './verbs/rollback.ts';
import type { RollbackPreview } from './verbs/rollback.ts';
import { status as statusVerb, type Status, type StatusOptions } from './verbs/status.ts';
import { toldTo } from './telling.ts';
import type { HistoryRow } from './seams/driver.ts';

/** A listener for a verb that is no run: it is told for whom or what the verb waits. */
export type Heard = Pick<RunOptions, 'onEvent'>;

/** Applies pending migrations; with `safe`, rehearsed on a branch first. Rolled back is a result, not an exception. */
export async function up(config: Config, options?: UpOptions): Promise<RunResult> {
  refuseUnknownOptions(options, deployOptions);
  refuseOddOptions(options);
  return runs.up(await resolveConfig(config), options);
}

/** Reverts applied migrations, the last one by default. */
export async function down(config: Config, options?: DownOptions): Promise<RunResult> {
  refuseUnknownOptions(options, deployOptions);
  refuseOddOptions(options);
  return runs.down(await resolveConfig(config), options);
}

/** Rehearses what is pending and judges it; never touches main. */
export async function gate(config: Config, options?: Selection & RunOptions): Promise<RunResult> {
  refuseUnknownOptions(options, gateOptions);
  refuseOddOptions(options);
  return runs.gate(await resolveConfig(config), options);
}

/** What is applied, what is pending, what files and history disagree on, and whether a run was left unfinished. */
export async function status(config: Config, options?: StatusOptions & Heard): Promise<Status> {
  refuseUnknownOptions(options, statusOptions);
  return statusVerb(toldTo(await resolveConfig(config), options), options);
}

/** Commits a checkpoint of main by hand; it lives until it is discarded. */
export async function checkpoint(config: Config, label?: string, options?: Heard): Promise<CopyInfo> {
  return copies.checkpoint(toldTo(await resolveConfig(config), options), label);
}

/** Every checkpoint of main, oldest first. */
export async function checkpoints(config: Config): Promise<readonly CopyInfo[]> {
  return copies.checkpoints(await resolveConfig(config));
}

/** Makes a branch from main, or from a checkpoint or another branch; it stays reachable until it is discarded. */
export async function branch(config: Config, options?: BranchOptions & Heard): Promise<CopyInfo> {
  refuseUnknownOptions(options, branchOptions);
  return copies.branch(toldTo(await resolveConfig(config), options), options);
}

/** Every branch of main, oldest first. */
export async function branches(config: Config): Promise<readonly CopyInfo[]> {
  return copies.branches(await resolveConfig(config));
}

/** Discards copies by id, name or pattern (`*`), with everything made from them if `recursive`. */
export async function discard(
  config: Config,
  pattern: string,
  options?: { readonly recursive?: boolean },
): Promise<readonly CopyInfo[]> {
  refuseUnknownOptions(options, discardOptions);
  return copies.discard(await resolveConfig(config), pattern, options);
}

/** What a rollback to a checkpoint would take back. */
export async function previewRollback(config: Config, checkpoint: string, options?: Heard): Promise<RollbackPreview> {
  return rollbacks.previewRollback(toldTo(await resolveConfig(config), options), checkpoint);
}

/** Returns main to a checkpoint, behind a checkpoint of main as it is. Discards what anybody wrote since. */
export async function rollback(config: Config, checkpoint: string, options?: RunOptions): Promise<RollbackPreview> {
  return rollbacks.rollback(toldTo(await resolveConfig(config), options), checkpoint, options);
}

/** Runs a program with the database variable pointing at a branch, and answers with its exit code. */
export async function exec(config: Config, branch: string, command: readonly string[]): Promise<number> {
  return execVerb(await resolveConfig(config), branch, command);
}

/** What differs between two of main, branches and checkpoints: schema, rows, sizes, and a query's answers. */
export async function diff(config: Config, a: string, b: string, options?: DiffOptions & Heard): Promise<Difference> {
  refuseUnknownOptions(options, diffOptions);
  return diffVerb(toldTo(await resolveConfig(config), options), a, b, options);
}

/** Makes main what a branch is, through the same gates and the same compare-and-swap as `up`. */
export async function promote(config: Config, branch: string, options?: RunOptions): Promise<RunResult> {
  return promoteBranch(await resolveConfig(config), branch, options);
}

/** Accepts the present text of changed files (one, or all of them), with a reason that is kept. */
export async function repair(
  config: Config,
  name: string | undefined,
  reason: string,
  options?: Heard,
): Promise<readonly HistoryRow[]> {
  return history.repair(toldTo(await resolveConfig(config), options), name, reason);
}

/** Marks an existing database as being at a version: that migration and all before it count as applied. */
export async function baseline(config: Config, version: string, options?: Heard): Promise<readonly HistoryRow[]> {
  return history.baseline(toldTo(await resolveConfig(config), options), version);
}

/** Looks at rights, programs, versions and disk, and says which provider would be used at what cost. Changes nothing. */
export async function doctor(config: Config, options?: Heard): Promise<readonly Diagnosis[]> {
  return doctorVerb(toldTo(await resolveConfig(config), options));
}

export { create } from './verbs/create.ts';
export { init, type Initialized } from './verbs/init.ts';
export { defineConfig, type CheckFunction, type Config } from './config.ts';
export { ForerunError, isForerunError, type ErrorCode, type ErrorDetails } from './error.ts';
export { schemaHistory, type HistoryStorage, type SchemaHistoryOptions } from './schema-history.ts';
export type {
  BranchOptions,
  CopyInfo,
  Diagnosis,
  Difference,
  DiffOptions,
  DownOptions,
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
export type * from './seams/evidence.ts';
export type * from './seams/provider.ts';
export type * from './seams/source.ts';
export type * from './seams/target.ts';
