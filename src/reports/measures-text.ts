import type { MigrationResult } from '../result.ts';
import type { LockEvidence } from '../seams/evidence.ts';
import { duration, size } from './quantities.ts';
import type { View } from './style.ts';
import { table } from './table.ts';

/** Each statement with its time, its rows and the locks that it took; of code, the queries that were seen. */
export function statementsText(migrations: readonly MigrationResult[], view: View): readonly string[] {
  const rows = migrations.flatMap(({ name, evidence }) => withName(name, statementRows(evidence)));
  if (rows.length === 0) return [];
  const columns = [
    { title: 'Migration' },
    { title: 'Line', align: 'right' as const },
    { title: 'Statement' },
    { title: 'Took', align: 'right' as const },
    { title: 'Rows', align: 'right' as const },
    { title: 'Locks' },
  ];
  return ['', view.style.bold('Statements, measured on the branch'), ...table(columns, rows, view.style, '  ')];
}

/** Sizes of what was written, before and after. */
export function sizesText(migrations: readonly MigrationResult[], view: View): readonly string[] {
  const rows = migrations.flatMap(({ name, evidence }) => withName(name, sizeRows(evidence)));
  if (rows.length === 0) return [];
  const columns = [
    { title: 'Migration' },
    { title: 'Table or index' },
    { title: 'Rows', align: 'right' as const },
    { title: 'Size', align: 'right' as const },
    { title: 'Dead rows', align: 'right' as const },
    { title: 'Bloat', align: 'right' as const },
  ];
  return ['', view.style.bold('Sizes, before and after'), ...table(columns, rows, view.style, '  ')];
}

type Evidence = MigrationResult['evidence'];

function statementRows({ statements = [], queries = [], locks = [] }: Evidence): readonly (readonly string[])[] {
  const told = statements.map(({ sql, line, ms, rows }, at) => [
    String(line),
    shortened(sql),
    duration(ms),
    rows === undefined ? '' : String(rows),
    locks
      .filter(({ statement }) => statement === at + 1)
      .map(lockText)
      .join(', '),
  ]);
  const seen = queries.map(({ sql, times, ms }) => [
    '',
    `${times > 1 ? `${times} × ` : ''}${shortened(sql)}`,
    duration(ms),
    '',
    locks
      .filter(({ query }) => query === sql)
      .map(lockText)
      .join(', '),
  ]);
  return [...told, ...seen];
}

function sizeRows({ tables = [], indexes = [] }: Evidence): readonly (readonly string[])[] {
  const measured = tables.filter(
    ({ bytesBefore, bytesAfter }) => bytesBefore !== undefined || bytesAfter !== undefined,
  );
  return [
    ...measured.map((one) => [
      one.table,
      change(one.rowsBefore, one.rowsAfter, String),
      change(one.bytesBefore, one.bytesAfter, size),
      change(one.deadRowsBefore, one.deadRowsAfter, String),
      '',
    ]),
    ...indexes.map((one) => [
      one.index,
      '',
      change(one.bytesBefore, one.bytesAfter, size),
      '',
      change(one.bloatBefore, one.bloat, (share) => `${Math.round(share * 100)} %`),
    ]),
  ];
}

function change(before: number | undefined, after: number | undefined, words: (value: number) => string): string {
  if (before === undefined && after === undefined) return '';
  const [was, is] = [before, after].map((value) => (value === undefined ? '–' : words(value)));
  return was === is ? `${was}` : `${was} → ${is}`;
}

function lockText({ relation, mode, heldMs }: LockEvidence): string {
  return `${mode} of ${relation} ${duration(heldMs)}`;
}

function shortened(sql: string): string {
  const line = sql.trim().replaceAll(/\s+/g, ' ');
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line;
}

const longest = 60;

function withName(name: string, rows: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return rows.map((row, at) => [at === 0 ? name : '', ...row]);
}
