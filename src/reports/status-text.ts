import type { Drift } from '../plan.ts';
import type { Status } from '../verbs/status.ts';
import { driftMessage } from '../drift-message.ts';
import { notComparedText } from '../not-compared.ts';
import { driftDiffs } from './drift-text.ts';
import { count } from './quantities.ts';
import type { View } from './style.ts';
import { table, type Cell } from './table.ts';

/** What is applied, what is pending, and everything that is not as it should be. */
export function statusText(status: Status, view: View): string {
  const lines = [
    `${view.style.bold('Database')} ${status.database}`,
    '',
    ...migrationLines(status, view),
    ...driftLines(status, view),
    ...unfinishedLines(status.unfinished, view),
    ...noteLines([...status.notes, ...notCompared(status)], view),
    '',
    summary(status),
  ];
  return `${lines.join('\n')}\n`;
}

function migrationLines({ applied, pending, drift, gone, problem }: Status, { style }: View): readonly string[] {
  if (applied.length + pending.length === 0)
    return [problem === undefined ? 'There is no migration, and none was applied.' : 'No migration was applied.'];
  const doubtful = (name: string): Cell =>
    gone.includes(name)
      ? { text: 'its file is gone, which was accepted', paint: style.dim }
      : { text: kindsOf(drift, name), paint: style.red };
  const rows: readonly (readonly Cell[])[] = [
    ...applied.map((row) => [{ text: 'applied', paint: style.green }, row.name, row.appliedOn, doubtful(row.name)]),
    ...pending.map((row) => [{ text: 'pending', paint: style.yellow }, row.name, '', doubtful(row.name)]),
  ];
  return table([{ title: '' }, { title: '' }, { title: '' }, { title: '' }], rows, style);
}

function kindsOf(drift: readonly Drift[], name: string): string {
  const about = drift.filter((one) => (one.kind === 'duplicate' ? one.names.includes(name) : one.name === name));
  return about.map((one) => one.kind).join(', ');
}

function driftLines({ drift, stops }: Status, view: View): readonly string[] {
  if (drift.length === 0) return [];
  const title = view.style.red(
    view.style.bold(count(drift.length, 'disagreement of files and history', 'disagreements of files and history')),
  );
  return ['', title, ...drift.map((one) => `  ${driftMessage(one, stops)}`), ...driftDiffs(drift, view)];
}

function unfinishedLines(entry: Status['unfinished'], { style }: View): readonly string[] {
  if (entry === undefined) return [];
  const part = entry.stretch === undefined ? '' : `, part ${entry.stretch.index} of ${entry.stretch.of}`;
  const at = entry.migration === undefined ? '' : ` at ${entry.migration}${part}`;
  const doing = entry.phase === 'started' ? `it began at ${entry.at}` : `it is ${entry.phase}${at} since ${entry.at}`;
  return [
    '',
    style.yellow(`Run ${entry.run} (process ${entry.pid} on ${entry.host}) has not finished: ${doing}.`),
    `  ${stateText(entry.goingOn)}`,
  ];
}

function stateText(goingOn: boolean | undefined): string {
  if (goingOn === true) return 'Its process runs on this host: it goes on at this moment.';
  const cleans = 'the next "forerun up --safe" cleans up after it.';
  return goingOn === false ? `It died: ${cleans}` : `It goes on at this moment, or it died; then ${cleans}`;
}

function notCompared({ notCompared: kinds = [] }: Status): readonly string[] {
  return kinds.length === 0 ? [] : [notComparedText(kinds)];
}

function noteLines(notes: readonly string[], { style }: View): readonly string[] {
  return notes.length === 0 ? [] : ['', ...notes.map((note) => style.dim(`Note: ${note}`))];
}

function summary({ applied, pending, copies, stops, problem, unfinished }: Status): string {
  const kept = `${count(copies.checkpoints, 'checkpoint')}, ${count(copies.branches, 'branch', 'branches')}`;
  const leftovers = copies.leftovers === 0 ? '' : `, ${count(copies.leftovers, 'leftover')} of a process that died`;
  const known = problem === undefined ? `${pending.length} pending` : 'what is pending cannot be told';
  return `${applied.length} applied, ${known}; ${kept}${leftovers}.${
    unfinished?.goingOn === true
      ? ' Next: wait until that run has ended, then see: forerun status'
      : nextStep(stops, problem !== undefined, pending.length)
  }`;
}

function nextStep(stops: boolean, unreadable: boolean, pending: number): string {
  if (unreadable) return ' Next: mend the migration named below.';
  if (stops)
    return ' "forerun up --safe" would stop at the disagreement. Next: do what is said above, then see: forerun gate';
  return pending === 0 ? '' : ' Next: forerun up --safe';
}
