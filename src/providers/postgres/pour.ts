import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { ForerunError } from '../../error.ts';
import type { Session } from '../../seams/driver.ts';
import type { Target } from '../../seams/target.ts';
import { databaseOf, programAddress, targetBeside, type ProgramAddress } from './address.ts';
import type { Attributes } from './attributes.ts';
import { createEmpty, localeOf } from './empty.ts';
import { sizeOf, type Work } from './make.ts';
import { makeFolder } from './folder.ts';
import { findProgram } from './programs.ts';
import { ensureRoom, fullAt, isFull } from './room.ts';
import { runProgram } from './run-program.ts';
import { openSession } from './session.ts';

export interface PourOptions {
  readonly bin?: string | undefined;
  /** Folder for the dump, on this machine. */
  readonly folder?: string | undefined;
  readonly jobs?: number | undefined;
  readonly run?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Dumps a live database from one consistent snapshot and restores it, in parallel, into a new database, with owners,
 * rights and statistics for the planner. `from` and `into` may be on two servers of one major version.
 */
export async function pour(
  from: Target,
  attributes: Attributes,
  { session, name, record }: Work,
  into: Target,
  options: PourOptions,
): Promise<void> {
  await using source = await openSession(from, options);
  const locale = await localeOf(source, databaseOf(from));
  const sameServer = (await startOf(source)) === (await startOf(session));
  const majors = [source.version, session.version].map((version) => Math.floor(version / 10_000));
  const major = Math.max(...majors);
  if (majors[0] !== majors[1]) throw differentVersions(majors);
  const dumper = await programOf('pg_dump', major, options);
  const restorer = await programOf('pg_restore', major, options);
  if (!sameServer) await ensureRoles(source, session);

  const folder = dumpFolder(record.id, options.folder);
  const of = { run: options.run, signal: options.signal };
  await makeFolder(dirname(folder), 'dumps');
  const bytes = await sizeOf(source, databaseOf(from));
  await ensureRoom(session, sameServer ? databaseOf(from) : databaseOf(into), bytes);
  // First, because its record is what tells of the folder after a kill.
  await createEmpty(session, record, name, { attributes, locale, sameServer });
  const scratch = targetBeside(into, name);
  const place = { folder: join(folder, 'dump'), bytes, jobs: [`--jobs=${options.jobs ?? 2}`, '--no-password'], of };
  try {
    await mkdir(folder, { mode: 0o700 });
    await dumpInto(place, dumper, programAddress(from, source.place));
    const how = sameServer ? [] : ['--no-tablespaces'];
    await restoreFrom(place, restorer, programAddress(scratch, session.place), how);
    await using inside = await openSession(scratch, options);
    await inside.query('ANALYZE');
  } finally {
    await removeDump(record.id, options);
  }
}

interface DumpPlace {
  readonly folder: string;
  /** What main takes. */
  readonly bytes: number;
  readonly jobs: readonly string[];
  readonly of: Pick<PourOptions, 'run' | 'signal'>;
}

async function dumpInto(
  { folder, bytes, jobs, of }: DumpPlace,
  dumper: string,
  address: ProgramAddress,
): Promise<void> {
  const how = ['--format=directory', '--compress=0', '--no-subscriptions', '--no-sync', ...jobs];
  try {
    await runProgram(dumper, [...how, `--file=${folder}`, address.url], { address, ...of });
  } catch (error) {
    throw isFull(error) ? fullAt(`in ${dirname(folder)}`, bytes, error, elsewhere) : error;
  }
}

async function restoreFrom(
  { folder, bytes, jobs, of }: DumpPlace,
  restorer: string,
  address: ProgramAddress,
  how: readonly string[],
): Promise<void> {
  try {
    const args = ['--exit-on-error', ...how, ...jobs, `--dbname=${address.url}`, folder];
    await runProgram(restorer, args, { address, ...of });
  } catch (error) {
    throw isFull(error) ? fullAt("on the server's disk", bytes, error, onServer) : error;
  }
}

const elsewhere = "Free some space there, or name another folder (the provider's option folder).";
const onServer =
  'Free some space there, discard copies (`forerun checkpoints`), or have copies on another server (dump with branchServer).';

/** What a killed process may have left on this machine for one copy. Safe to repeat. */
export async function removeDump(id: string, { folder }: PourOptions): Promise<void> {
  await rm(dumpFolder(id, folder), { recursive: true, force: true });
}

function dumpFolder(id: string, folder?: string): string {
  return join(folderOfDumps({ folder }), `forerun-dump-${id}`);
}

export function folderOfDumps({ folder }: PourOptions): string {
  return resolve(folder ?? tmpdir());
}

export async function programOf(name: 'pg_dump' | 'pg_restore', major: number, { bin }: PourOptions): Promise<string> {
  return (await findProgram({ name, major, newer: true, debian: 'postgresql-client', bin })).path;
}

/** Given to every server when it is made; a standby has its primary's. */
export async function systemOf(session: Session): Promise<string> {
  const [row] = await session.query('SELECT system_identifier::text AS id FROM pg_control_system()');
  return String(row?.['id']);
}

/** Servers that were made from one another's files have one system identifier, so the moment of the start counts too. */
async function startOf(session: Session): Promise<string> {
  const [row] = await session.query('SELECT pg_postmaster_start_time()::text AS start');
  return `${await systemOf(session)} ${String(row?.['start'])}`;
}

async function ensureRoles(source: Session, other: Session): Promise<void> {
  const there = await other.query('SELECT rolname AS name FROM pg_roles');
  const known = new Set(there.map((row) => row['name']));
  const needed = await source.query(`
    SELECT DISTINCT rolname AS name FROM pg_shdepend JOIN pg_roles r ON r.oid = refobjid
    WHERE refclassid = 'pg_authid'::regclass AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    UNION SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()`);
  const missing = needed.map((row) => String(row['name'])).filter((name) => !known.has(name));
  if (missing.length === 0) return;
  throw new ForerunError(
    'PROVIDER_FAILED',
    `Roles of main are missing on the server for branches: ${missing.join(', ')}.`,
    {
      details: {},
      next: 'Make them there, for example with pg_dumpall --roles-only --no-role-passwords.',
    },
  );
}

function differentVersions([main = 0, other = 0]: readonly number[]): ForerunError<'PROVIDER_FAILED'> {
  return new ForerunError(
    'PROVIDER_FAILED',
    `Main's server is PostgreSQL ${main} and the server for branches PostgreSQL ${other}: what is rehearsed there would not be what main does.`,
    { details: {}, next: `Give a server of version ${main}.` },
  );
}
