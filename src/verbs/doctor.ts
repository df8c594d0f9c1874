import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ForerunError, isForerunError, messageOf } from '../error.ts';
import { size } from '../reports/quantities.ts';
import type { LockHolder } from '../seams/driver.ts';
import type { Setup } from '../setup.ts';
import { isGoingOn } from '../unfinished.ts';
import { inWords, newHolder } from './lock.ts';

/** One thing that was looked at. */
export interface Diagnosis {
  readonly name: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  /** What to do about it. */
  readonly next?: string;
}

/**
 * Looks at rights, programs, versions and disk, and says which provider would be used at what cost. Never throws for
 * what it finds, and writes nothing on main.
 */
export async function doctor(setup: Setup): Promise<readonly Diagnosis[]> {
  const node = diagnoseNode(process.versions.node);
  const database = await looked('database', () => diagnoseDatabase(setup));
  const migrations = await looked('migrations', () => diagnoseMigrations(setup));
  // All the rest asks main, and would say the same thing again.
  if (database.state === 'fail') return [node, database, migrations, { name: 'checks', ...listChecks(setup) }];
  return [
    node,
    database,
    await looked('folder', () => diagnoseHome(setup)),
    await looked('provider', () => diagnoseProvider(setup)),
    await looked('lock', () => diagnoseLock(setup)),
    await looked('last run', () => diagnoseJournal(setup)),
    await looked('copies', () => diagnoseCopies(setup)),
    migrations,
    await looked('checks', () => diagnoseChecks(setup)),
  ];
}

type Found = Omit<Diagnosis, 'name'>;

async function looked(name: string, look: () => Promise<Found>): Promise<Diagnosis> {
  try {
    return { name, ...(await look()) };
  } catch (error) {
    const next = error instanceof ForerunError ? error.next : undefined;
    return { name, state: 'fail', detail: messageOf(error), ...(next === undefined ? {} : { next }) };
  }
}

function diagnoseNode(version: string): Diagnosis {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const enough = major > 20 || (major === 20 && minor >= 19);
  const found = { name: 'node', detail: `Node ${version}` } as const;
  return enough ? { ...found, state: 'ok' } : { ...found, state: 'fail', next: 'Forerun needs Node 20.19 or later.' };
}

async function diagnoseDatabase({ driver, main }: Setup): Promise<Found> {
  await driver.examine(main);
  await using connection = await driver.open(main);
  const tables = (await driver.tables(connection)).length;
  const detail = `${main.url} (${driver.name}): ${tables} ${tables === 1 ? 'table' : 'tables'}`;
  const damage = await driver.damage(main);
  if (damage.length === 0) return { state: 'ok', detail };
  return {
    state: 'fail',
    detail: `${detail}; it is damaged: ${damage.map(({ message }) => message).join('; ')}`,
    next: 'Go back to a checkpoint that is whole (forerun checkpoints, forerun rollback <checkpoint>), or save what can be read, before anything is migrated.',
  };
}

async function diagnoseHome({ driver, main }: Setup): Promise<Found> {
  const home = driver.home(main);
  if (await isWritable(home)) return { state: 'ok', detail: `${home} can be written` };
  return {
    state: 'fail',
    detail: `${home} cannot be written`,
    next: 'Copies, locks and reports are kept there: let this user write it.',
  };
}

/** Where it does not exist yet, what counts is the folder that it will be made in. */
async function isWritable(folder: string): Promise<boolean> {
  try {
    await access(folder, constants.W_OK);
    return true;
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return missing && dirname(folder) !== folder && isWritable(dirname(folder));
  }
}

async function diagnoseProvider({ provider, main }: Setup): Promise<Found> {
  const { way, bytes, freeBytes } = await provider.estimate(main);
  const explained = await provider.explain?.(main);
  const cost = explained ?? `${provider.name} on ${provider.reach}: a checkpoint is a ${way} of ${size(bytes)}`;
  if (freeBytes === undefined) return { state: 'ok', detail: cost };
  const detail = `${cost.replace(/\.$/, '')}; ${size(freeBytes)} are free`;
  const next = 'Free some space, or keep fewer runs (keepRuns) and discard copies that nobody needs.';
  // Every run has a checkpoint and a branch; with checks or a down to try, a branch of the branch at the same time.
  if (freeBytes < bytes * 2)
    return { state: 'fail', detail: `${detail}, and a run needs ${size(bytes * 2)} at least`, next };
  return freeBytes < bytes * 3 ? { state: 'warn', detail, next } : { state: 'ok', detail };
}

async function diagnoseLock({ driver, main }: Setup): Promise<Found> {
  let other: LockHolder | undefined;
  const options = { holder: newHolder('doctor'), waitMs: 0, signal: new AbortController().signal };
  try {
    await using _lock = await driver.lock(main, { ...options, waiting: (holder) => (other = holder) });
    return { state: 'ok', detail: 'nobody holds the run lock' };
  } catch (error) {
    if (!isForerunError(error, 'LOCKED')) throw error;
    const who = other === undefined ? 'another process' : inWords(other);
    return {
      state: 'warn',
      detail: `the run lock is held by ${who}`,
      next: 'It goes away with its process; nothing needs to be unlocked.',
    };
  }
}

async function diagnoseJournal({ driver, main }: Setup): Promise<Found> {
  await using connection = await driver.open(main);
  const entry = await driver.journal(connection).read(await driver.identity(main));
  if (entry === undefined || entry.phase === 'finished') return { state: 'ok', detail: 'no run is unfinished' };
  const detail = `run ${entry.run} (process ${entry.pid} on ${entry.host}) has not finished; it was last ${entry.phase} at ${entry.at}`;
  const goingOn = isGoingOn(entry);
  if (goingOn === true)
    return { state: 'warn', detail: `${detail}; its process runs`, next: 'Wait until it has finished.' };
  const then = 'forerun up --safe cleans up after it.';
  return goingOn === false
    ? { state: 'warn', detail: `${detail}; its process is gone`, next: `The next ${then}` }
    : { state: 'warn', detail, next: `If that process is gone, the next ${then}` };
}

async function diagnoseCopies({ provider, main }: Setup): Promise<Found> {
  const copies = await provider.list(main);
  const leftovers = copies.filter((copy) => copy.state === 'leftover').length;
  const bytes = copies.reduce((sum, copy) => sum + copy.bytes, 0);
  const detail = `${copies.length} ${copies.length === 1 ? 'copy' : 'copies'}, ${size(bytes)}`;
  if (leftovers === 0) return { state: 'ok', detail };
  return {
    state: 'warn',
    detail: `${detail}; ${leftovers} of them left over from a process that died`,
    next: 'The next run discards them.',
  };
}

async function diagnoseMigrations({ source }: Setup): Promise<Found> {
  const migrations = await source.migrations();
  const count = `${migrations.length} ${migrations.length === 1 ? 'migration' : 'migrations'} (${source.name})`;
  if (migrations.length > 0) return { state: 'ok', detail: count };
  return { state: 'warn', detail: count, next: 'Create the first one: forerun create <name>' };
}

async function diagnoseChecks(setup: Setup): Promise<Found> {
  for (const check of setup.checks) await check.prepare?.(setup);
  return listChecks(setup);
}

function listChecks({ checks }: Setup): Found {
  const names = checks.map((check) => check.name).join(', ');
  return { state: 'ok', detail: checks.length === 0 ? 'none of your own' : `${checks.length} of your own: ${names}` };
}
