import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ForerunError } from '../../error.ts';
import type { Session } from '../../seams/driver.ts';
import type { Target } from '../../seams/target.ts';
import { databaseOf, programAddress, targetBeside } from './address.ts';
import type { Attributes } from './attributes.ts';
import { createEmpty, localeOf } from './empty.ts';
import type { Work } from './make.ts';
import { findProgram } from './programs.ts';
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
  const jobs = String(options.jobs ?? 2);
  const of = { run: options.run, signal: options.signal };
  // First, because its record is what tells of the folder after a kill.
  await createEmpty(session, record, name, { attributes, locale, sameServer });
  await mkdir(folder, { mode: 0o700 });
  try {
    const address = programAddress(from, source.place);
    const what = ['--no-subscriptions', '--no-password', '--no-sync'];
    await runProgram(
      dumper,
      ['--format=directory', '--compress=0', `--jobs=${jobs}`, ...what, `--file=${join(folder, 'dump')}`, address.url],
      { address, ...of },
    );
    const scratch = targetBeside(into, name);
    const place = programAddress(scratch, session.place);
    const how = ['--exit-on-error', '--no-password', ...(sameServer ? [] : ['--no-tablespaces'])];
    await runProgram(restorer, [...how, `--jobs=${jobs}`, `--dbname=${place.url}`, join(folder, 'dump')], {
      address: place,
      ...of,
    });
    await using inside = await openSession(scratch, options);
    await inside.query('ANALYZE');
  } finally {
    await removeDump(record.id, options);
  }
}

/** What a killed process may have left on this machine for one copy. Safe to repeat. */
export async function removeDump(id: string, { folder }: PourOptions): Promise<void> {
  await rm(dumpFolder(id, folder), { recursive: true, force: true });
}

function dumpFolder(id: string, folder: string = tmpdir()): string {
  return join(folder, `forerun-dump-${id}`);
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
