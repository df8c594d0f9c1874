import type { MigrationResult, RunResult } from '../result.ts';
import { driftDiffs } from './drift-text.ts';
import { endingText } from './ending-text.ts';
import { findingsText } from './findings-text.ts';
import { locksText } from './locks-text.ts';
import { sizesText, statementsText } from './measures-text.ts';
import { duration, size } from './quantities.ts';
import type { View } from './style.ts';
import { table, type Cell } from './table.ts';

/** What a run came to, for a person: its migrations, the findings, the copies it made, how it ended. */
export function runText(result: RunResult, view: View): string {
  const lines = [
    ...migrationsTable(result, view),
    ...locksText(result.migrations, view),
    ...(view.verbose ? [...statementsText(result.migrations, view), ...sizesText(result.migrations, view)] : []),
    ...findingsText(result.findings, view),
    ...driftDiffs(result.drift, view),
    ...copiesMade(result, view),
    ...adviceOnce(result, view),
    '',
    endingText(result, view.style),
  ];
  return `${lines.join('\n').replace(/^\n+/, '')}\n`;
}

function migrationsTable({ verb, migrations }: RunResult, view: View): readonly string[] {
  if (migrations.length === 0) return [];
  const onMain = wordFor(verb, migrations);
  const columns = [
    { title: 'Migration' },
    { title: 'Outcome' },
    { title: 'How' },
    { title: 'Rehearsed', align: 'right' as const },
    { title: onMain.replace(/^./, (first) => first.toUpperCase()), align: 'right' as const },
    { title: 'Checkpoint' },
  ];
  const rows = migrations.map(({ name, outcome, promotion, durationMs, checkpoint }): readonly Cell[] => [
    name,
    { text: outcome === 'promoted' ? onMain : outcome, paint: view.style[colours[outcome]] },
    promotion ?? '',
    durationMs.rehearsed === undefined ? '' : duration(durationMs.rehearsed),
    durationMs.promoted === undefined ? '' : duration(durationMs.promoted),
    outcome === 'promoted' ? (checkpoint ?? '') : '',
  ]);
  return table(columns, rows, view.style);
}

/** What has become of a migration that is done on main. */
function wordFor(verb: string, migrations: readonly MigrationResult[]): 'promoted' | 'reverted' | 'applied' {
  if (verb === 'down') return 'reverted';
  const unrehearsed = migrations.some(({ outcome, promotion }) => outcome === 'promoted' && promotion === null);
  return unrehearsed ? 'applied' : 'promoted';
}

const colours = {
  'not-reached': 'dim',
  passed: 'green',
  blocked: 'red',
  promoted: 'green',
  'rolled-back': 'red',
  interrupted: 'yellow',
  failed: 'red',
} as const;

/** So many that the copies may well take most of the time. */
const manyCheckpoints = 20;

function adviceOnce({ copies }: RunResult, view: View): readonly string[] {
  const checkpoints = copies.filter((copy) => copy.kind === 'checkpoint').length;
  if (checkpoints <= manyCheckpoints) return [];
  return [view.style.dim(`Note: ${checkpoints} checkpoints were taken; --checkpoints once takes one, before all.`)];
}

function copiesMade({ copies }: RunResult, view: View): readonly string[] {
  if (copies.length === 0) return [];
  const total = copies.reduce((sum, copy) => sum + copy.bytes, 0);
  const title = `Copies made: ${copies.length}, ${size(total)}, ${duration(copies.reduce((sum, copy) => sum + copy.ms, 0))}`;
  const rows = copies.map((copy) => [
    copy.kind,
    copy.id,
    copy.migration ?? '',
    copy.way,
    size(copy.bytes),
    duration(copy.ms),
    // Of a branch nobody expects that it outlives its run.
    copy.kind === 'checkpoint' && copy.discarded === true ? { text: 'discarded', paint: view.style.dim } : '',
  ]);
  const columns = [
    { title: '' },
    { title: '' },
    { title: '' },
    { title: '' },
    { title: '', align: 'right' as const },
    { title: '', align: 'right' as const },
    { title: '' },
  ];
  return ['', view.style.bold(title), ...table(columns, rows, view.style, '  ')];
}
