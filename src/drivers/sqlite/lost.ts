import type { LostObject } from '../../seams/evidence.ts';
import type { SqliteDatabase } from './client.ts';
import type { NameNow } from './columns.ts';
import type { TablePair } from './pairs.ts';
import { partsOf, type IndexPart } from './parts.ts';
import { renamesIn } from './renames.ts';
import { normalForm } from './schema.ts';
import type { TableState } from './states.ts';
import { TokenCursor } from './tokens-cursor.ts';

/**
 * What tables lost because they were made anew without it: DROP TABLE takes indexes and triggers along, and the new
 * definition has only what somebody wrote in it. What a statement drops by name is not lost, and neither is what
 * stood on a column that is gone.
 */
export function lostObjects(
  database: SqliteDatabase,
  pairs: readonly TablePair[],
  statements: readonly { readonly sql: string }[] | undefined,
  nameNow: NameNow,
): readonly LostObject[] {
  const isDropped = statements === undefined ? () => false : renamesIn(statements).isDropped;
  const dropped = new Set((statements ?? []).flatMap(({ sql }) => droppedBy(sql)));
  return pairs.flatMap(({ before, after, exchanged }) => {
    if (before === undefined || after === undefined || before.virtual || after.virtual) return [];
    if (!exchanged && !isDropped(before.name) && !isOther(database, before, after)) return [];
    return lostBy(database, before, after, nameNow).filter(
      ({ what, object }) => !dropped.has(`${what} ${object.toLowerCase()}`),
    );
  });
}

/** ALTER TABLE keeps the root page, and VACUUM, which may not, keeps the text. */
function isOther(database: SqliteDatabase, before: TableState, after: TableState): boolean {
  const textOf = (schema: string, { name }: TableState): string => {
    const row = database
      .prepare(`SELECT sql FROM ${schema}.sqlite_schema WHERE type = 'table' AND name = ?`)
      .get(name) as { sql: string };
    return normalForm(row.sql);
  };
  return before.root !== after.root && textOf('before', before) !== textOf('main', after);
}

/** `index name` or `trigger name`, in lower case. */
function droppedBy(sql: string): readonly string[] {
  const cursor = new TokenCursor(sql);
  if (!cursor.takeWord('DROP')) return [];
  const what = cursor.atWord('INDEX') ? 'index' : 'trigger';
  if (!cursor.takeWord('INDEX', 'TRIGGER')) return [];
  if (cursor.takeWord('IF')) cursor.takeWord('EXISTS');
  const name = cursor.takeTable();
  return name === undefined ? [] : [`${what} ${name.toLowerCase()}`];
}

function lostBy(
  database: SqliteDatabase,
  before: TableState,
  after: TableState,
  nameNow: NameNow,
): readonly LostObject[] {
  const nameOf = (column: string): string => nameNow(before.name, column).toLowerCase();
  const [old, now] = [partsOf(database, 'before', before, nameOf), partsOf(database, 'main', after)];
  const stands = (columns: readonly (string | null)[]): boolean =>
    columns.every((column) => column === null || now.columns.has(column));
  const lost = (what: LostObject['what'], objects: readonly string[]): readonly LostObject[] =>
    objects.map((object) => ({ table: after.name, what, object }));
  const mine = old.indexes.filter((index) => stands(index.columns));
  return [
    ...lost(
      'index',
      mine.filter((index) => index.own && !hasIndex(now.indexes, index)).map((index) => index.name),
    ),
    ...lost(
      'trigger',
      old.triggers.filter((name) => !now.triggers.some((other) => isSame(name, other))),
    ),
    ...lost('primary key', now.key.length === 0 && old.key.length > 0 && stands(old.key) ? [old.key.join(', ')] : []),
    ...lost(
      'unique constraint',
      mine.filter((index) => index.constraint && !isUnique(now, index)).map((index) => index.columns.join(', ')),
    ),
    ...lost(
      'foreign key',
      old.foreignKeys
        .filter((columns) => stands(columns) && !now.foreignKeys.some((other) => other.join() === columns.join()))
        .map((columns) => columns.join(', ')),
    ),
    // A check whose text is another one was changed, not lost.
    ...lost(
      'check',
      now.checks.length < old.checks.length
        ? old.checks
            .filter(
              (check) =>
                !now.checks.some((other) => other.text === check.text) && stands(columnsIn(check, old.columns)),
            )
            .map(({ text }) => text)
        : [],
    ),
    ...lost(
      'option',
      old.options.filter((option) => !now.options.includes(option)),
    ),
    ...lost('option', now.options.includes('AUTOINCREMENT') && now.counter < old.counter ? [counter] : []),
  ];
}

/** A rebuild counts on from the highest row that is left. */
const counter = 'the counter of AUTOINCREMENT, so that numbers of deleted rows are given again';

function columnsIn(check: { readonly names: readonly string[] }, columns: ReadonlySet<string>): readonly string[] {
  return check.names.filter((name) => columns.has(name));
}

/** By name, or one that does the same under another. */
function hasIndex(indexes: readonly IndexPart[], index: IndexPart): boolean {
  return indexes.some(
    (other) =>
      isSame(other.name, index.name) ||
      (!index.columns.includes(null) &&
        other.columns.join() === index.columns.join() &&
        other.partial === index.partial &&
        (other.unique || !index.unique)),
  );
}

/** Whether some of the columns are unique already, by whatever means. */
function isUnique(
  { indexes, key }: { readonly indexes: readonly IndexPart[]; readonly key: readonly string[] },
  { columns }: IndexPart,
): boolean {
  const sets = [key, ...indexes.filter((index) => index.unique && !index.partial).map((index) => index.columns)];
  return sets.some((set) => set.length > 0 && set.every((column) => columns.includes(column)));
}

function isSame(name: string, other: string): boolean {
  return name.toLowerCase() === other.toLowerCase();
}
