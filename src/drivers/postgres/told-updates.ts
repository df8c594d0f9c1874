import type { StatementEvidence } from '../../seams/evidence.ts';
import type { Relation } from './relations.ts';
import type { State } from './state.ts';

/**
 * The columns of before that a table's updates can have changed, each with the most rows: those that the told UPDATE
 * statements assign, where these account for every row that was updated, no trigger is there to change others, and no
 * row was given another key. Undefined where that is not so.
 */
export function toldUpdates(
  table: Relation,
  before: State,
  { relations, parts }: State,
  statements: readonly StatementEvidence[] | undefined,
  updated: number,
): Readonly<Record<string, number>> | undefined {
  const own = parts.get(table.oid);
  if (own === undefined || own.triggers.length > 0) return undefined;
  const root = relations.get(table.root ?? table.oid) ?? table;
  // Rows of a partition are counted there, and told of where the statement names the whole.
  if (root.oid !== table.oid) return undefined;
  const changed: Record<string, number> = {};
  let told = 0;
  for (const { assigns = [], rows, sql } of statements ?? []) {
    const columns = assigns.flatMap((name) => columnOf(name, table.name) ?? []);
    if (columns.length === 0 || !/^\s*update\b/i.test(sql)) continue;
    if (rows === undefined || columns.includes('*')) return undefined;
    told += rows;
    for (const column of new Set(columns)) changed[column] = (changed[column] ?? 0) + rows;
  }
  const keys = own.constraints.filter(({ type }) => type === 'p').flatMap(({ columns }) => columns);
  const numbers = new Map([...own.columns].map(([number, { name }]) => [name, number]));
  const isPlain = Object.keys(changed).every((column) => numbers.has(column) && !keys.includes(column));
  if (told !== updated || !isPlain) return undefined;
  // Values of a column that was not there before are no change.
  const old = before.parts.get(table.oid)?.columns;
  return Object.fromEntries(Object.entries(changed).filter(([column]) => old?.has(numbers.get(column) ?? 0)));
}

/** The column in `schema.table.column`, where the table is that one. */
function columnOf(assigned: string, table: string): string | undefined {
  const bare = table.slice(table.indexOf('.') + 1);
  const prefix = [table, bare].find((name) => assigned.startsWith(`${name}.`));
  return prefix === undefined ? undefined : assigned.slice(prefix.length + 1);
}
