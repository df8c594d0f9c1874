import { isTable, type Relation } from './relations.ts';
import type { TableParts } from './table-parts.ts';

/** The relations of a database and what hangs on its tables, at one moment. */
export interface State {
  readonly relations: ReadonlyMap<number, Relation>;
  readonly parts: ReadonlyMap<number, TableParts>;
  /** Those with rows of their own, by name. */
  readonly tables: ReadonlyMap<string, Relation>;
  /** A table's bytes with those of its indexes. */
  bytesOf(table: Relation): number;
}

export function stateOf(relations: State['relations'], parts: State['parts']): State {
  const indexes = new Map<number, number>();
  for (const { table, bytes } of relations.values()) {
    if (table !== undefined) indexes.set(table, (indexes.get(table) ?? 0) + bytes);
  }
  return {
    relations,
    parts,
    tables: new Map([...relations.values()].filter(isTable).map((table) => [table.name, table])),
    bytesOf: ({ oid, bytes }) => bytes + (indexes.get(oid) ?? 0),
  };
}
