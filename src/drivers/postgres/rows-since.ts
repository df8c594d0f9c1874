import type { Evidence, StatementEvidence } from '../../seams/evidence.ts';
import type { Target } from '../../seams/target.ts';
import { compareOver, type Bounds } from './compare.ts';
import type { HeldSnapshot } from './held-snapshot.ts';
import { openLanes } from './lanes.ts';
import { hasNewFile, type Relation } from './relations.ts';
import type { Open } from './side-session.ts';
import type { State } from './state.ts';

export interface Since {
  readonly branch: Target;
  readonly open: Open;
  readonly before: State;
  readonly after: State;
  readonly statements: readonly StatementEvidence[] | undefined;
  readonly bounds: Bounds;
}

/**
 * What differs in the rows of some tables, or of all, between a snapshot and now: the server still has the rows that were
 * deleted or replaced. Undefined where it has not: it keeps them for a table that has the same file, name and columns.
 */
export async function rowsSince(
  snapshot: HeldSnapshot,
  names: readonly string[] | undefined,
  { branch, open, before, after, statements, bounds }: Since,
): Promise<Evidence | undefined> {
  const asked = names === undefined ? [...before.tables.values()] : names.map((name) => before.tables.get(name));
  if (!asked.every((table) => table !== undefined && isReadable(table, before, after))) return undefined;
  const session = snapshot.session();
  if (session === undefined) return undefined;
  try {
    await using lanes = await openLanes(branch, branch, open, session);
    return await compareOver(lanes, { ...bounds, statements, ...(names === undefined ? {} : { tables: names }) });
  } catch {
    // A copy of the state before says as much, or fails with what is to be told.
    return undefined;
  }
}

/** New columns are no matter. */
function isReadable(was: Relation, before: State, after: State): boolean {
  const now = after.relations.get(was.oid);
  const columns = after.parts.get(was.oid)?.columns;
  return (
    now !== undefined &&
    now.name === was.name &&
    !hasNewFile(was, now) &&
    [...(before.parts.get(was.oid)?.columns ?? [])].every(([number, { name, type }]) => {
      const column = columns?.get(number);
      return column?.name === name && column.type === type;
    })
  );
}
