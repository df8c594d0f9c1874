import type { LostObject } from '../../seams/evidence.ts';
import type { Renames } from './renames.ts';
import type { IndexPart, TableParts } from './table-parts.ts';

/** A table that was made anew under the name that another one had. */
export interface Replaced {
  readonly name: string;
  readonly before: TableParts;
  readonly after: TableParts;
  /** Views that go on reading the table that had the name before, and are called what they were. */
  readonly viewsOfOld: readonly string[];
}

/**
 * What tables lost because others took their place: the new definition has only what somebody wrote in it. What a
 * statement drops by name is not lost, and neither is what stood on a column that is gone.
 */
export function lostParts(replaced: readonly Replaced[], renames: Renames | undefined): readonly LostObject[] {
  const dropped = new Set(
    (renames?.changes ?? []).flatMap((change) =>
      change.change === 'drop' ? [`${change.what} ${change.name.name}`] : [],
    ),
  );
  return replaced.flatMap(({ name, before, after, viewsOfOld }) => {
    const stands = standsIn(after);
    const lost = (what: LostObject['what'], objects: readonly string[]): readonly LostObject[] =>
      objects.map((object) => ({ table: name, what, object }));
    const kept = before.constraints.filter(
      (constraint) => stands(constraint.columns) && !dropped.has(`constraint ${constraint.name}`),
    );
    const gone = (type: string): readonly string[] =>
      kept
        .filter((one) => one.type === type && !after.constraints.some((other) => isSame(type, one, other)))
        .map(({ columns }) => columns.join(', '));
    const indexes = before.indexes.filter(
      (index) => !index.ofConstraint && stands(index.columns) && !dropped.has(`index ${index.name}`),
    );
    return [
      ...lost(
        'index',
        indexes.filter((index) => !hasIndex(after, index)).map(({ name: index }) => index),
      ),
      ...lost(
        'trigger',
        before.triggers.filter((trigger) => !after.triggers.includes(trigger) && !dropped.has(`trigger ${trigger}`)),
      ),
      ...lost('primary key', gone('p')),
      ...lost(
        'unique constraint',
        kept
          .filter(({ type, columns }) => type === 'u' && !isUnique(after, columns))
          .map(({ columns }) => columns.join(', ')),
      ),
      ...lost('foreign key', gone('f')),
      ...lost('check', missingChecks(kept, after)),
      ...lost('option', [
        ...gone('x').map((columns) => `exclusion constraint (${columns})`),
        ...options(before, after, dropped),
        ...views(before, after, viewsOfOld, dropped),
      ]),
    ];
  });
}

function standsIn({ columns }: TableParts): (names: readonly (string | null)[]) => boolean {
  const names = new Set([...columns.values()].map(({ name }) => name));
  return (some) => some.every((name) => name === null || names.has(name));
}

function isSame(
  type: string,
  one: { readonly columns: readonly string[] },
  other: { readonly type: string; readonly columns: readonly string[] },
): boolean {
  return other.type === type && other.columns.join() === one.columns.join();
}

/** Checks are told by their columns: one on the same columns may have been changed, but is not lost. */
function missingChecks(kept: TableParts['constraints'], after: TableParts): readonly string[] {
  const left = after.constraints.filter(({ type }) => type === 'c').map(({ columns }) => columns.toSorted().join());
  return kept
    .filter(({ type, columns }) => {
      if (type !== 'c') return false;
      const at = left.indexOf(columns.toSorted().join());
      if (at >= 0) left.splice(at, 1);
      return at < 0;
    })
    .map(({ name }) => name);
}

/** One that does the same, under whatever name. */
function hasIndex({ indexes }: TableParts, index: IndexPart): boolean {
  return indexes.some(
    (other) =>
      other.name === index.name ||
      (other.columns.join() === index.columns.join() &&
        other.partial === index.partial &&
        (other.unique || !index.unique)),
  );
}

function isUnique({ indexes }: TableParts, columns: readonly string[]): boolean {
  return indexes.some(
    (index) =>
      index.unique && !index.partial && index.columns.every((column) => column !== null && columns.includes(column)),
  );
}

/** The rest, in words. */
function* options(before: TableParts, after: TableParts, dropped: ReadonlySet<string>): Iterable<string> {
  const now = new Map([...after.columns.values()].map((column) => [column.name, column]));
  const owned = after.sequences.filter((sequence) => sequence.owned);
  for (const column of before.columns.values()) {
    const same = now.get(column.name);
    if (same === undefined) continue;
    if (column.hasDefault && !same.hasDefault && !same.isIdentity) yield `the default of ${column.name}`;
    if (column.isIdentity && !same.isIdentity && !same.hasDefault) yield `the identity of ${column.name}`;
    if (column.isGenerated && !same.isGenerated) yield `the expression of ${column.name}`;
    if (column.notNull && !same.notNull) yield `NOT NULL of ${column.name}`;
    const owns = before.sequences.some((sequence) => sequence.owned && sequence.column === column.name);
    if (owns && !owned.some((sequence) => sequence.column === column.name))
      yield `the sequence owned by ${column.name}`;
  }
  for (const policy of before.policies)
    if (!after.policies.includes(policy) && !dropped.has(`policy ${policy}`)) yield `policy ${policy}`;
  if (before.rowSecurity && !after.rowSecurity) yield 'row security';
  if (before.forcedRowSecurity && !after.forcedRowSecurity) yield 'forced row security';
  for (const column of before.comments) {
    if (after.comments.includes(column)) continue;
    if (column === '') yield 'the comment';
    else if (now.has(column)) yield `the comment on ${column}`;
  }
  for (const [role, rights] of rightsIn(before)) {
    const kept = rightsIn(after).get(role) ?? '';
    if ([...rights].some((right) => !kept.includes(right))) yield `grants to ${role === '' ? 'PUBLIC' : role}`;
  }
}

/** A view is bound to the table, not to its name. */
function* views(
  before: TableParts,
  after: TableParts,
  ofOld: readonly string[],
  dropped: ReadonlySet<string>,
): Iterable<string> {
  for (const view of before.views) {
    const bare = view.slice(view.indexOf('.') + 1);
    if (after.views.includes(view) || ['view', 'materialized view'].some((what) => dropped.has(`${what} ${bare}`)))
      continue;
    yield ofOld.includes(view) ? `the view ${view}, which goes on reading the old table` : `the view ${view}`;
  }
}

/** The letters of each role's rights. */
function rightsIn({ grants }: TableParts): ReadonlyMap<string, string> {
  const rights = new Map<string, string>();
  for (const grant of grants) {
    const [, role = '', letters = ''] = /^((?:"(?:[^"]|"")*"|[^"=])*)=([^/]*)/.exec(grant) ?? [];
    rights.set(role, (rights.get(role) ?? '') + letters.replaceAll('*', ''));
  }
  return rights;
}
