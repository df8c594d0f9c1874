import type { MigrationResult, RunResult } from '../result.ts';
import { count, duration } from './quantities.ts';
import type { Style } from './style.ts';

/** One line: how the run ended, where main is now, and what to do next. */
export function endingText(result: RunResult, style: Style): string {
  const promoted = result.migrations.filter((migration) => migration.outcome === 'promoted');
  switch (result.outcome) {
    case 'promoted':
      if (result.verb === 'promote') return becameBranch(result, promoted, style);
      return `${style.green(`${done(result, promoted, ` in ${duration(result.ms)}`)}.`)}${undo(promoted)}`;
    case 'passed':
      return `${style.green(`${count(result.migrations.length, 'migration')} passed in ${duration(result.ms)}`)}; main ${wasWritten(result) ? meanwhile : 'was not touched'}. Promote with: forerun up --safe`;
    case 'nothing-pending':
      return result.verb === 'down'
        ? 'Nothing to revert: no migration is applied.'
        : `Nothing to do: no migration is pending.${wasWritten(result) ? ` But main ${meanwhile}.` : ''}`;
    case 'blocked':
      return `${style.red(`Blocked: ${blockedBy(result)}.`)} ${untouched(result)}`;
    case 'rolled-back':
      if (result.verb === 'promote')
        return `${style.red('Not promoted, for the reason above.')} Main ${wasWritten(result) ? meanwhile : 'is as it was'}, and the branch stays.`;
      return `${style.red(`Rolled back: ${names(result, 'rolled-back')} ${result.verb === 'down' ? 'was not reverted on' : 'did not get onto'} main`)}, which ${wasWritten(result) ? meanwhile : 'is as it was before'}.`;
    case 'partly-promoted':
      return `${style.red(`${done(result, promoted)}, then the run stopped`)}; main ${wasWritten(result) ? meanwhile : `is as it was after ${last(result, promoted)}`}.${undo(promoted)}`;
    case 'interrupted':
      return `${style.yellow(`${result.error?.message.replace(/\.$/, '') ?? 'Interrupted'} after ${duration(result.ms)}${isCleanedUp(result) ? ', and cleaned up' : ''}.`)} ${whereMainIs(result, promoted)}`;
    case 'needs-person':
      return style.red('Main needs a person.');
    case 'failed':
      return style.red(
        `Failed; ${promoted.length === 0 ? (wasWritten(result) ? `main ${meanwhile}` : 'main was not changed') : `${done(result, promoted)} before`}.`,
      );
  }
}

/** A branch that was changed by hand brings no migration; what leads back is the checkpoint of main all the same. */
function becameBranch({ copies, ms }: RunResult, promoted: readonly MigrationResult[], style: Style): string {
  const before = copies.find((copy) => copy.kind === 'checkpoint');
  const name = before?.label.replace(/^before-promote-/, '') ?? '';
  const brought = promoted.length === 0 ? '' : `, with ${count(promoted.length, 'migration')}`;
  const back = before === undefined ? '' : ` Undo with: forerun rollback ${before.id}`;
  return `${style.green(`Main is now what branch ${name} was${brought}, in ${duration(ms)}.`)}${back}`;
}

/** What is left to clean up is said by a finding. */
function isCleanedUp({ findings }: RunResult): boolean {
  return !findings.some((finding) => finding.gate === 'recovery' || finding.gate === 'tidy');
}

function done({ verb, migrations }: RunResult, promoted: readonly MigrationResult[], time: string = ''): string {
  const some =
    promoted.length === migrations.length
      ? count(promoted.length, 'migration')
      : `${promoted.length} of ${count(migrations.length, 'migration')}`;
  const rehearsed = promoted.every((migration) => migration.promotion !== null);
  if (verb === 'down') return `${some} reverted${time}${rehearsed ? '' : ', without a rehearsal'}`;
  return rehearsed ? `${some} promoted${time}` : `${some} applied${time}, without a rehearsal`;
}

function undo(promoted: readonly MigrationResult[]): string {
  const checkpoint = promoted[0]?.checkpoint;
  return checkpoint === null || checkpoint === undefined ? '' : ` Undo with: forerun rollback ${checkpoint}`;
}

function blockedBy(result: RunResult): string {
  const blocked = names(result, 'blocked');
  if (blocked !== '') return `${blocked} did not pass`;
  if (result.drift.length > 0) return 'files and history disagree';
  const gates = result.findings.flatMap(({ severity, gate }) => (severity === 'block' ? [gate] : []));
  return `it did not pass ${[...new Set(gates)].join(', ')} (see above)`;
}

/** Whether somebody wrote to main while code ran that could have, too. */
function wasWritten({ findings }: RunResult): boolean {
  return findings.some(({ gate }) => gate === 'isolation');
}

const meanwhile = 'was written meanwhile, by whom is not known (see the notes)';

function untouched(result: RunResult): string {
  const { verb, migrations } = result;
  if (wasWritten(result)) return `But main ${meanwhile}.`;
  if (verb === 'gate') return 'Main was not touched.';
  return `Main is as it was${migrations.length > 1 ? `; none was ${verb === 'down' ? 'reverted' : 'promoted'}` : ''}.`;
}

function whereMainIs(result: RunResult, promoted: readonly MigrationResult[]): string {
  if (wasWritten(result)) {
    return `${promoted.length === 0 ? '' : `${done(result, promoted)}. `}Main ${meanwhile}.${undo(promoted)}`;
  }
  if (promoted.length === 0) return 'Main is as it was.';
  return `Main is as it was after ${last(result, promoted)}: ${done(result, promoted)}.${undo(promoted)}`;
}

function last({ verb }: RunResult, promoted: readonly MigrationResult[]): string {
  const name = promoted.at(-1)?.name ?? 'the last one';
  return verb === 'down' ? `${name} was reverted` : name;
}

function names({ migrations }: RunResult, outcome: MigrationResult['outcome']): string {
  return migrations
    .filter((migration) => migration.outcome === outcome)
    .map((migration) => migration.name)
    .join(', ');
}
