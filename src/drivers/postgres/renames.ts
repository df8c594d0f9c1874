import { changesOf, type Change } from './changes.ts';
import { executions } from './executed.ts';
import type { Facts } from './facts.ts';
import { canBeSame, type QualifiedName } from './qualified-name.ts';
import type { Statement } from './statements.ts';

/**
 * What tables and columns are called in the course of a script. `after` is the index of a statement, 0 is before the
 * first. A bare name is taken for the same name in any schema.
 */
export interface Renames {
  /** What a table is called in the end that is called `table` by the statement `after`. */
  lastName(table: QualifiedName, after: number): QualifiedName;
  lastColumn(table: QualifiedName, column: string, after: number): string;
  /** What a table of the end was called before the first statement, or when it was made. */
  firstName(table: QualifiedName): QualifiedName;
  /** Whether a table of before the first statement is dropped on the way, be it to be made anew. */
  isDropped(table: QualifiedName): boolean;
  /** All that the script makes, drops and renames, in order. */
  readonly changes: readonly DatedChange[];
}

export type DatedChange = Change & {
  /** The statement's. */
  readonly index: number;
};

type Rename = DatedChange & { readonly change: 'rename' };

export function renamesIn(script: readonly Statement[], facts?: Facts): Renames {
  const executed = executions(script, facts);
  const changes = script.flatMap((statement) =>
    executed(statement).nodes.flatMap((node) =>
      changesOf(node).map((change) => ({ ...change, index: statement.index })),
    ),
  );
  const renames = changes.filter((change) => change.change === 'rename');
  const follow = (table: QualifiedName, column: string, after: number, before = Infinity): Place => {
    const inTime = renames.filter(({ index }) => index > after && index < before);
    return inTime.reduce((place, rename) => renamed(place, rename), { table, column });
  };
  return {
    changes,
    lastName: (table, after) => follow(table, '', after).table,
    lastColumn: (table, column, after) => follow(table, column, after).column,
    firstName: (table) =>
      renames.reduceRight((name, rename) => renamed({ table: name, column: '' }, back(rename)).table, table),
    isDropped: (table) =>
      changes.some((change) => {
        if (change.change !== 'drop') return false;
        const { table: now } = follow(table, '', 0, change.index);
        return change.what === 'schema'
          ? change.name.name === now.schema
          : isTable(change) && canBeSame(change.name, now);
      }),
  };
}

interface Place {
  readonly table: QualifiedName;
  readonly column: string;
}

function renamed(place: Place, rename: Rename): Place {
  const { what, from, to, on } = rename;
  if (on !== undefined) {
    const isIt = what === 'column' && from.name === place.column && canBeSame(on, place.table);
    return isIt ? { ...place, column: to.name } : place;
  }
  if (what === 'schema') {
    return place.table.schema === from.name ? { ...place, table: { ...place.table, schema: to.name } } : place;
  }
  return isTable(rename) && canBeSame(from, place.table) ? { ...place, table: { ...place.table, ...to } } : place;
}

/** ALTER TABLE renames views and indexes too, so that only other kinds can be told apart. */
function isTable({ what, on }: { readonly what: string; readonly on?: QualifiedName }): boolean {
  return on === undefined && what === 'table';
}

function back(rename: Rename): Rename {
  return { ...rename, from: rename.to, to: rename.from };
}
