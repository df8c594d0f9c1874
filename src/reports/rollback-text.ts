import type { RollbackPreview } from '../verbs/rollback.ts';
import { rowsSeen } from '../rows-seen.ts';
import type { TableEvidence } from '../seams/evidence.ts';
import { age, count } from './quantities.ts';
import type { View } from './style.ts';
import { tablesText } from './tables-text.ts';

/** What a rollback would take back, before anybody is asked. */
export function rollbackPreviewText(preview: RollbackPreview, view: View): string {
  const { checkpoint, migrations, schema, tables, notes } = preview;
  const { style } = view;
  const nothing = migrations.length + schema.length + tables.length === 0;
  const at = `checkpoint ${style.bold(checkpoint.id)} (${checkpoint.label}), made ${checkpoint.createdAt}, ${since(checkpoint.ageMs)}`;
  const lines = [
    preview.beside
      ? `A branch would be made that is what main was at ${at}. Main itself would stay as it is.`
      : `Main would become what it was at ${at}.`,
    '',
    ...(nothing
      ? ['Nothing was changed since.']
      : [`All that was done since would be ${preview.beside ? 'missing there' : 'lost'}, by whomever:`]),
    ...migrations.map((name) => `  ${style.red('-')} migration ${name}`),
    ...schema.map(({ object, change }) => `  ${sign(change)} ${object}`),
    ...(tables.length === 0 ? [] : ['', ...tablesText(tables, style, ['Then', 'Now'], '  ', whatRollbackDoes)]),
    ...notes.map((note) => style.dim(`  Note: ${note}`)),
  ];
  return `${lines.join('\n')}\n`;
}

export function rollbackText({ checkpoint, safety, branch, notes }: RollbackPreview, view: View): string {
  if (branch !== undefined) {
    const lines = [
      view.style.bold('Main is not restored: it is as it was, and programs that use it go on writing to it.'),
      `What it was at checkpoint ${checkpoint.id} (${checkpoint.label}) stands at ${branch.url} (branch ${branch.label}).`,
      ...notes.map((note) => view.style.dim(`Note: ${note}`)),
      'To go back to it: stop those programs, give them the address of that copy, and name it as main in the configuration.',
      'What they write to main until then will be missing there.',
    ];
    return `${lines.join('\n')}\n`;
  }
  const back = safety === undefined ? '' : ` As it was before, it is kept: forerun rollback ${safety.id}`;
  return `${view.style.green(`Main is what it was at checkpoint ${checkpoint.id} (${checkpoint.label}).`)}${back}\n`;
}

/** In the words of whoever has to decide; the evidence tells of the way there, and the rollback goes back. */
function whatRollbackDoes(one: TableEvidence): string {
  const { rowsBefore, rowsAfter, rowsGone = 0, rowsAdded = 0, valuesChanged = {}, columnsDropped = {} } = one;
  if (rowsBefore === undefined) return `made since: would go with ${count(rowsAfter ?? 0, 'row')}`;
  if (rowsAfter === undefined) return `dropped since: would come back with ${count(rowsBefore, 'row')}`;
  const parts = [
    ...(rowsAdded > 0 ? [`${rowsSeen(one, rowsAdded)} written since would be lost`] : []),
    ...(rowsGone > 0 ? [`${rowsSeen(one, rowsGone)} deleted since would come back`] : []),
    ...Object.entries(valuesChanged).map(
      ([column, rows]) => `values of ${column} in ${rowsSeen(one, rows)} would go back`,
    ),
    ...Object.entries(columnsDropped).map(
      ([column, rows]) => `column ${column} would come back with ${count(rows, 'value')}`,
    ),
  ];
  return parts.length > 0 ? parts.join('; ') : 'rows differ';
}

/** From the checkpoint to main: what was added goes, what was removed comes back. */
function sign(change: RollbackPreview['schema'][number]['change']): string {
  return change === 'added' ? '-' : change === 'removed' ? '+' : '~';
}

function since(ms: number): string {
  const text = age(ms);
  return text === 'just now' ? text : `${text} ago`;
}
