import type { Connection, Observer } from '../../seams/driver.ts';
import type { Evidence, StatementEvidence } from '../../seams/evidence.ts';
import type { Target } from '../../seams/target.ts';
import { tablesInDoubt, withComparison } from '../../with-comparison.ts';
import { postgresCounts } from './contents.ts';
import type { CompareLimits } from './compare-limits.ts';
import { heldSnapshot, type HeldSnapshot } from './held-snapshot.ts';
import { changedIndexes, indexEvidence } from './index-evidence.ts';
import { lockEvidence, waitEvidence } from './lock-evidence.ts';
import { catalogEvidence } from './catalog-evidence.ts';
import { hiddenRows } from './hidden-rows.ts';
import { ownTables } from './names.ts';
import { hasNewFile, relationsOf } from './relations.ts';
import { changedTables, rowChanges, type Doubt } from './row-changes.ts';
import { rowsSince, type Since } from './rows-since.ts';
import { underFixedSettings } from './settings.ts';
import { stateOf, type State } from './state.ts';
import { countsUnknown, momentOf, walSince, type Moment } from './settled.ts';
import { sideSession, type Open } from './side-session.ts';
import { wasteIn, type Waste } from './waste.ts';
import { tableParts } from './table-parts.ts';
import { watchLocks, type LockWatch, type Watched } from './watch-locks.ts';

/**
 * Watches migrations from a session of its own beside them. On a branch every other session is the migration's, so that
 * whatever is seen is its doing: locks and waits from looking all the time, rewrites, sizes and lost parts from the
 * catalogs before and after, rows from the server's counters. No transaction is open while a migration runs:
 * CREATE INDEX CONCURRENTLY would wait for it; save one that holds a snapshot of the rows as they were, and lets go of it
 * as soon as somebody waits. What counters do not tell, and the snapshot neither, is in `needsComparison`.
 */
export async function observePostgres(
  branch: Target,
  open: Open,
  leftOut: readonly string[] = ownTables,
  limits?: CompareLimits,
): Promise<Observer> {
  const side = sideSession(branch, open);
  const snapshot = heldSnapshot(branch, open);
  let known: Catalogs | undefined;
  let started: Started | undefined;
  const read = async (connection: Connection): Promise<{ readonly moment: Moment; readonly state: State }> => {
    const moment = await momentOf(connection);
    const relations = await relationsOf(connection, leftOut);
    if (known?.transaction !== moment.transaction)
      known = { transaction: moment.transaction, parts: await tableParts(connection) };
    return { moment, state: stateOf(relations, known.parts) };
  };
  const stop = async (): Promise<void> => {
    const { locks } = started ?? {};
    started = undefined;
    await snapshot.letGo();
    // It was lost with its session, or belongs to a migration that failed.
    await locks?.end().catch(() => {});
  };
  return {
    async begin(text = '') {
      await stop();
      const connection = await side.connection();
      const { moment, state } = await read(connection);
      const waste = await wasteIn(connection, state.relations.values(), quick);
      if (limits !== undefined && !seesSnapshots.test(text)) await snapshot.take();
      const locks = await watchLocks(side, open, branch, {
        relations: state.relations,
        own: snapshot.pids(),
        waited: () => void snapshot.letGo(),
      });
      started = { moment, state, waste, locks };
    },
    async finish(statements, exact = false) {
      if (started === undefined) throw new TypeError('begin() comes before finish()');
      const { moment, state: before, waste, locks } = started;
      started = undefined;
      const watched = await locks.end().catch(() => undefined);
      const connection = await side.connection();
      const unknown = await countsUnknown(connection, moment, new Set([side.pid(), ...snapshot.pids()]));
      const walBytes = await walSince(connection, moment);
      const { moment: end, state: after } = await read(connection);
      const isOurs = end.elsewhere === moment.elsewhere;
      const indexes = changedIndexes(before, after);
      const changed = [...changedTables(before, after), ...indexes].flatMap(({ now }) => now ?? []);
      // Whoever reads a table may tidy its pages up.
      const left = await wasteIn(connection, changed, thorough);
      const counted = await rowEvidence(connection, { before, after, statements, unknown });
      const rows = await withSnapshot(snapshot, exact ? inDoubt(counted) : counted, {
        branch,
        open,
        before,
        after,
        statements,
        bounds: { leftOut, ...(limits === undefined ? {} : { limits }) },
      });
      const { notes = [], ...more } = await catalogEvidence(connection, before, after, {
        statements,
        counted: unknown === undefined,
        begun: moment.transaction,
      });
      const besides = [...(watched?.notes ?? [unwatched]), ...notes, ...(isOurs ? [] : [otherWrites])];
      const told = [...(exact ? [] : besides), ...(rows.notes ?? [])];
      return {
        ...(watched === undefined ? {} : lockedAndWaiting(watched, before, statements)),
        rewrites: rewrites(before, after),
        ...(isOurs ? { walBytes } : {}),
        ...withDeadRows(rows, after, waste, left),
        indexes: indexEvidence(indexes, waste, left),
        ...more,
        ...(told.length > 0 ? { notes: told } : {}),
      };
    },
    async [Symbol.asyncDispose]() {
      await stop();
      await snapshot.close();
      await side.close();
    },
  };
}

/** These take or leave out what older transactions may still see, or wait for them. */
const seesSnapshots = /\b(?:vacuum|concurrently)\b/i;

/** Counters tell a change and its undoing from no change, which `exact` does not want told apart. */
function inDoubt(rows: Evidence): Evidence {
  const { tables = [], needsComparison = [] } = rows;
  const written = tables.filter(({ changed }) => changed).map(({ table }) => ({ table, why: 'it was written' }));
  return written.length === 0 ? rows : { ...rows, needsComparison: [...needsComparison, ...written] };
}

async function withSnapshot(snapshot: HeldSnapshot, rows: Evidence, since: Since): Promise<Evidence> {
  try {
    if (rows.needsComparison === undefined) return rows;
    const comparison = await rowsSince(snapshot, tablesInDoubt(rows), since);
    return comparison === undefined ? rows : withComparison(rows, comparison);
  } finally {
    await snapshot.letGo();
  }
}

interface Catalogs {
  /** The moment that they are of. */
  readonly transaction: string;
  readonly parts: State['parts'];
}

interface Started {
  readonly moment: Moment;
  readonly state: State;
  readonly waste: Waste;
  readonly locks: LockWatch;
}

/** Bytes that are read before a migration, of whatever it may write; and after it, of what it wrote. */
const quick = 2 ** 26;
const thorough = 2 ** 30;

const unwatched = 'The session that looked at the locks was ended: which were held, and for how long, is not known.';

const otherWrites =
  'How much was written to the write-ahead log is not known: other databases of the server were written meanwhile.';

function lockedAndWaiting(
  { spans, reads, queries }: Watched,
  { relations }: State,
  statements: readonly StatementEvidence[] | undefined,
): Evidence {
  return {
    ...(statements === undefined ? { queries: queries() } : {}),
    locks: lockEvidence(spans, relations, statements),
    waits: waitEvidence(spans, relations, reads),
  };
}

interface Seen {
  readonly before: State;
  readonly after: State;
  readonly statements: readonly StatementEvidence[] | undefined;
  readonly unknown: string | undefined;
}

async function rowEvidence(connection: Connection, { before, after, statements, unknown }: Seen): Promise<Evidence> {
  if (unknown !== undefined) return { needsComparison: [{ why: unknown }] };
  const existing = changedTables(before, after).flatMap(({ oid, now }) =>
    now === undefined ? [] : ([[oid, now.name]] as const),
  );
  const counts = await postgresCounts(
    connection,
    existing.map(([, name]) => name),
  );
  const rowsIn = new Map(existing.flatMap(([oid, name]) => (counts.has(name) ? [[oid, counts.get(name) ?? 0]] : [])));
  const { tables, doubts } = rowChanges(before, after, rowsIn, statements);
  return { tables, ...(await doubtful(connection, doubts)) };
}

/** What no comparison will tell is not to be asked of one. */
async function doubtful(
  connection: Connection,
  doubts: readonly Doubt[],
): Promise<Pick<Evidence, 'needsComparison' | 'rowsUnseen'>> {
  if (doubts.length === 0) return {};
  const hidden = await underFixedSettings(connection, () =>
    hiddenRows(
      connection,
      doubts.map(({ table }) => table),
    ),
  );
  const needsComparison = doubts.filter(({ table }) => !hidden.has(table));
  return {
    ...(needsComparison.length > 0 ? { needsComparison } : {}),
    ...(hidden.size > 0 ? { rowsUnseen: [...hidden].map(([table, why]) => ({ table, why })) } : {}),
  };
}

/** Counters begin with nothing on a copy: what was measured says more. */
function withDeadRows(rows: Evidence, { tables }: State, before: Waste, after: Waste): Evidence {
  if (rows.tables === undefined) return rows;
  return {
    ...rows,
    tables: rows.tables.map((table) => {
      const oid = tables.get(table.table)?.oid ?? 0;
      const [was, is] = [before.dead.get(oid), after.dead.get(oid)];
      if (is === undefined || (was === undefined && table.rowsBefore !== undefined)) return table;
      return { ...table, ...(was === undefined ? {} : { deadRowsBefore: was }), deadRowsAfter: is };
    }),
  };
}

/** A table that is empty now was truncated, and its indexes with it. Sequences take a new file whenever they are altered. */
function rewrites({ relations: was }: State, { relations: now }: State): readonly string[] {
  return [...now.values()]
    .filter((relation) => {
      const table = now.get(relation.table ?? relation.oid);
      const isKept = relation.kind !== 'S' && (table?.kind !== 'r' || table.hasPages);
      return isKept && hasNewFile(was.get(relation.oid), relation);
    })
    .map(({ name }) => name);
}
