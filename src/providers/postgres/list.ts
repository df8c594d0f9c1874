import { hostname } from 'node:os';
import { isAlive } from '../../process.ts';
import type { Row, Session } from '../../seams/driver.ts';
import type { ListedCopy } from '../../seams/provider.ts';
import type { Target } from '../../seams/target.ts';
import { heldKeys, lockKey } from './keeper.ts';
import { databaseName, idIn, recordIn, toCopy, type CopyRecord } from './records.ts';
import { askSizes } from './sizes.ts';
import { targetBeside } from './address.ts';

/**
 * The copies of one main on a server, oldest first, with what belongs to nobody: databases with a name of ours and
 * without a readable record. Left out are copies that a living process is still making.
 */
export async function listCopies(session: Session, server: Target, main: string): Promise<readonly ListedCopy[]> {
  const living = await whoLives(session);
  const copies: ListedCopy[] = [];
  for (const row of await databasesOfOurs(session)) {
    const name = String(row['name']);
    const id = idIn(name);
    if (id === undefined || name !== databaseName(id, main)) continue;
    const record = recordIn(row['comment']);
    if (typeof record === 'string') {
      if (living.holds(id)) continue;
      copies.push(unknownCopy(id, record, row, targetBeside(server, name)));
    } else if (record.main === main) {
      const leftover = isLeftover(record, living);
      if (record.state !== 'ready' && !leftover) continue;
      const bytes = row['bytes'] === null ? record.bytes : Number(row['bytes']);
      copies.push({ ...toCopy({ ...record, bytes }, server), state: leftover ? 'leftover' : 'ready' });
    }
  }
  return copies.toSorted((a, b) => compare(a.createdAt, b.createdAt) || compare(a.id, b.id));
}

/** The living branch of a main with that label, also where it is still being made. */
export async function livingBranch(session: Session, { main, label, id }: CopyRecord): Promise<CopyRecord | undefined> {
  const rows = await session.query(
    `SELECT shobj_description(oid, 'pg_database') AS comment FROM pg_database WHERE datname LIKE 'forerun\\_br\\_%'`,
  );
  const records = rows.map((row) => recordIn(row['comment'])).filter((record) => typeof record === 'object');
  const same = records.filter((record) => record.main === main && record.label === label && record.id !== id);
  if (same.length === 0) return undefined;
  const living = await whoLives(session);
  return same.find((record) => !isLeftover(record, living));
}

export async function recordOf(session: Session, database: string): Promise<CopyRecord | undefined> {
  const [row] = await session.query(
    `SELECT shobj_description(oid, 'pg_database') AS comment FROM pg_database WHERE datname = $1`,
    [database],
  );
  const record = recordIn(row?.['comment']);
  return typeof record === 'object' ? record : undefined;
}

export interface Living {
  holds(id: string): boolean;
  /** Whether a run has a session anywhere on the server. */
  runs(run: string): boolean;
}

export async function whoLives(session: Session): Promise<Living> {
  const keys = await heldKeys(session);
  const rows = await session.query(
    `SELECT DISTINCT application_name AS name FROM pg_stat_activity WHERE application_name LIKE 'forerun:%'`,
  );
  const names = new Set(rows.map((row) => String(row['name'])));
  return { holds: (id) => keys.has(lockKey(id)), runs: (run) => names.has(`forerun:${run}`.slice(0, 63)) };
}

async function databasesOfOurs(session: Session): Promise<readonly Row[]> {
  return askSizes(
    session,
    `SELECT datname AS name, shobj_description(oid, 'pg_database') AS comment,
      CASE WHEN has_database_privilege(oid, 'CONNECT') THEN pg_database_size(oid)::float8 END AS bytes
    FROM pg_database WHERE datname LIKE 'forerun\\_%'`,
  );
}

/** A checkpoint outlives its run; a branch of a run does not outlive the process that was to discard it. */
export function isLeftover(
  record: Pick<CopyRecord, 'id' | 'kind' | 'run' | 'maker'> & { readonly state: string },
  living: Living,
): boolean {
  const needsMaker = record.state !== 'ready' || (record.kind === 'branch' && record.run !== undefined);
  if (!needsMaker) return false;
  if (record.maker.host === hostname()) return !isAlive(record.maker);
  return !living.holds(record.id) && !(record.run !== undefined && living.runs(record.run));
}

function unknownCopy(id: string, why: 'newer' | 'unreadable', row: Row, target: Target): ListedCopy {
  const made = Number.parseInt(id.split('_')[1] ?? '', 36);
  return {
    kind: id.startsWith('br_') ? 'branch' : 'checkpoint',
    id,
    label: id,
    target,
    createdAt: new Date(Number.isSafeInteger(made) ? made : 0).toISOString(),
    host: 'unknown',
    bytes: Number(row['bytes'] ?? 0),
    way: 'unknown',
    ms: 0,
    state: why === 'newer' ? 'ready' : 'leftover',
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
