import { ForerunError } from '../../src/error.ts';
import type { Finding } from '../../src/gate.ts';
import type { RunResult } from '../../src/result.ts';

/** Whether everything that was asked for is done. */
export function isDone({ outcome }: RunResult): boolean {
  return outcome === 'promoted' || outcome === 'nothing-pending';
}

/** What `up` rejects with where a run did not promote everything. */
export function blockedBy(result: RunResult): ForerunError<'BLOCKED'> {
  return new ForerunError('BLOCKED', [progressOf(result), reasonOf(result)].join(' '), {
    details: { result },
    next: result.error?.next ?? nextAfter(result),
  });
}

function progressOf(result: RunResult): string {
  const promoted = result.migrations.filter((migration) => migration.outcome === 'promoted').map(({ name }) => name);
  const done = result.verb === 'down' ? 'reverted' : 'promoted';
  return promoted.length === 0
    ? `Nothing was ${done}.`
    : `Only ${promoted.join(', ')} ${promoted.length === 1 ? 'was' : 'were'} ${done}.`;
}

function reasonOf(result: RunResult): string {
  const blocking = result.findings.filter((finding) => finding.severity === 'block');
  const reasons =
    blocking.length > 0 ? blocking.map(inWords) : [result.error?.message ?? `The run ended as ${result.outcome}.`];
  return reasons.join(' ');
}

function inWords({ migration, message, where }: Finding): string {
  const line = where?.line === undefined ? '' : `, line ${where.line}`;
  return migration === undefined ? message : `${migration}${line}: ${message}`;
}

function nextAfter({ outcome }: RunResult): string {
  return outcome === 'needs-person'
    ? 'Look at main before anything else; "forerun checkpoints" lists the states to return to.'
    : 'Main is as it was before the migration that failed. Correct it, and run again.';
}
