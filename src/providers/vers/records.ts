import { z } from 'zod';
import type { ProcessIdentity } from '../../process.ts';
import type { Copy } from '../../seams/provider.ts';
import type { Session } from '../../seams/driver.ts';
import type { Target } from '../../seams/target.ts';
import { codeOf } from '../postgres/session.ts';
import { ForerunError } from '../../error.ts';

/**
 * What is known about one copy: a row of `forerun.vers` in the maintenance database of the main VM's server, or a document
 * in `.forerun/vers` beside the file that main is; every deployer reads them. A stored format. It is there before anything is asked of Vers, and goes after all of it is gone.
 */
export interface VersRecord {
  readonly format: 1;
  readonly kind: 'checkpoint' | 'branch';
  readonly id: string;
  readonly label: string;
  /** The main VM, and the database in it that it is a copy of. */
  readonly vm: string;
  readonly main: string;
  readonly parent?: string;
  readonly run?: string;
  readonly createdAt: string;
  /** `discarded`: only its commit is still there, because VMs descend from it. `main`: its VM is main now. */
  readonly state: 'making' | 'ready' | 'discarded' | 'main';
  readonly bytes: number;
  readonly ms: number;
  readonly maker: ProcessIdentity;
  /** What Vers was asked to copy. */
  readonly source: { readonly vm?: string; readonly commit?: string };
  /** Name or tag of the commit. */
  readonly name: string;
  /** Id of the commit or the VM that came of it. */
  readonly made?: string;
  /** Where a branch is reached on the machine that made it. */
  readonly port?: number;
  /** Id of a copy whose row has to be in what is made from this one: else it was made from another server. */
  readonly proof: string;
}

const text = z.string();
const maybe = text.exactOptional();
const recordShape: z.ZodType<VersRecord> = z.object({
  format: z.literal(1),
  kind: z.enum(['checkpoint', 'branch']),
  id: text,
  label: text,
  vm: text,
  main: text,
  parent: maybe,
  run: maybe,
  createdAt: text,
  state: z.enum(['making', 'ready', 'discarded', 'main']),
  bytes: z.number(),
  ms: z.number(),
  maker: z.object({ pid: z.number(), host: text, startTime: maybe }),
  source: z.object({ vm: maybe, commit: maybe }),
  name: text,
  made: maybe,
  port: z.number().exactOptional(),
  proof: text,
});

export async function readRecords(session: Session): Promise<readonly VersRecord[]> {
  if (!(await hasTable(session))) return [];
  const rows = await session.query('SELECT record FROM forerun.vers ORDER BY id');
  return rows.flatMap((row) => recordIn(row['record']));
}

/** One, or none where what was kept is none of ours. */
export function recordIn(kept: unknown): readonly VersRecord[] {
  const found = recordShape.safeParse(kept);
  return found.success ? [found.data] : [];
}

/** Answers the ids of the transactions that it took. */
export async function writeRecord(session: Session, record: VersRecord): Promise<readonly bigint[]> {
  const making = await ensureRecords(session);
  const [row] = await session.query(
    `INSERT INTO forerun.vers (id, record) VALUES ($1, $2::jsonb)
    ON CONFLICT (id) DO UPDATE SET record = excluded.record
    RETURNING pg_current_xact_id()::text AS xid`,
    [record.id, JSON.stringify(record)],
  );
  return [...making, BigInt(String(row?.['xid']))];
}

/** Answers the ids of the transactions that it took. */
export async function removeRecord(session: Session, id: string): Promise<readonly bigint[]> {
  if (!(await hasTable(session))) return [];
  const [row] = await session.query(
    'DELETE FROM forerun.vers WHERE id = $1 RETURNING pg_current_xact_id()::text AS xid',
    [id],
  );
  return row === undefined ? [] : [BigInt(String(row['xid']))];
}

/** Whether a database holds what was written for that copy before it was made. */
export async function proves(session: Session, id: string): Promise<boolean> {
  if (!(await hasTable(session))) return false;
  return (await session.query('SELECT FROM forerun.vers WHERE id = $1', [id])).length > 0;
}

/** In a copy: it has none of main's copies, and is known by its own id to what is made from it. */
export async function markCopy(session: Session, id: string): Promise<void> {
  await ensureRecords(session);
  await session.query('DELETE FROM forerun.vers');
  await session.query(`INSERT INTO forerun.vers (id, record) VALUES ($1, '{"self": true}')`, [id]);
}

export function toCopy(record: VersRecord, target: Target): Copy {
  const { kind, id, label, parent, run, createdAt, bytes, ms, maker, state } = record;
  return {
    kind,
    id,
    label,
    target,
    ...(kind === 'checkpoint' ? { dormant: true } : {}),
    ...(parent === undefined ? {} : { parent }),
    ...(run === undefined ? {} : { run }),
    createdAt,
    host: maker.host,
    bytes,
    way: state === 'making' ? 'unknown' : kind === 'checkpoint' ? 'commit' : 'vm',
    ms,
  };
}

/** Nothing answers at a commit. */
export function commitTarget({ made }: VersRecord): Target {
  const url = `vers:${made ?? 'unfinished'}`;
  return { url, variable: url };
}

export async function hasTable(session: Session, table: string = 'forerun.vers'): Promise<boolean> {
  const [row] = await session.query('SELECT to_regclass($1) IS NOT NULL AS there', [table]);
  return row?.['there'] === true;
}

function ensureRecords(session: Session): Promise<readonly bigint[]> {
  return ensureTable(session, 'forerun.vers', '(id text PRIMARY KEY, record jsonb NOT NULL)');
}

/** Answers the ids of the transactions that it took. */
export async function ensureTable(session: Session, table: string, columns: string): Promise<readonly bigint[]> {
  if (await hasTable(session, table)) return [];
  try {
    // In one transaction, so that two deployers do not both make it.
    // A role that may make no schema may have been given this one.
    const [row] = await session.query("SELECT to_regnamespace('forerun') IS NULL AS missing");
    const schema = row?.['missing'] === true ? 'CREATE SCHEMA IF NOT EXISTS forerun;' : '';
    const [made] = await session.query(`SELECT pg_advisory_xact_lock(1718579813, 0);
      ${schema}
      CREATE TABLE IF NOT EXISTS ${table} ${columns};
      SELECT pg_current_xact_id()::text AS xid`);
    return [BigInt(String(made?.['xid']))];
  } catch (error) {
    if (codeOf(error) !== '42501') throw error;
    throw new ForerunError('PROVIDER_FAILED', 'The role in the address may keep no records of copies on its server.', {
      details: {},
      next: 'As a superuser, in the database postgres: CREATE SCHEMA forerun AUTHORIZATION <role>',
      cause: error,
    });
  }
}
