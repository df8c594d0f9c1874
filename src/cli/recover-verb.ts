import { hostname } from 'node:os';
import type { Finding } from '../gate.ts';
import { takeLock } from '../lock.ts';
import { claimMain, releaseMain } from '../promotion/claim.ts';
import { recover } from '../recover.ts';
import { recorded } from '../run-log.ts';
import type { JournalEntry } from '../seams/records.ts';
import type { ListedCopy } from '../seams/provider.ts';
import type { Setup } from '../setup.ts';
import type { Died } from './protocol.ts';

/** What was found and done after a worker was killed. */
export interface Recovery {
  /** Folder for what is kept about main. */
  readonly home: string;
  /** Names in main's history as it is now. */
  readonly applied: readonly string[];
  readonly findings: readonly Finding[];
  /** Ids of the copies that are there still. */
  readonly copies: readonly string[];
}

/** How long the lock of the dead process may take to come free, in milliseconds. */
const lockWaitMs = 3000;

/**
 * Does at once what the next run would do: throws away what the dead process left, and says in main's journal that
 * nothing of it is left to do. Where another deployer has begun meanwhile, the recovery is theirs.
 */
export async function recoverAfterKill(setup: Setup, died: Died): Promise<Recovery> {
  const { driver, main, provider } = setup;
  const state = await stateOf(setup);
  const useless = (await provider.list(main)).filter((copy) => isUseless(copy, died));
  for (const copy of useless) await provider.discard(copy);
  const findings = isOf(state.entry, died) ? await recoverMain(setup) : [];
  const copies = (await provider.list(main)).map(({ id }) => id);
  return { home: driver.home(main), applied: state.applied, findings, copies };
}

async function stateOf({
  driver,
  main,
}: Setup): Promise<{ readonly entry: JournalEntry | undefined; readonly applied: readonly string[] }> {
  await using connection = await driver.open(main);
  const entry = await driver.journal(connection).read(await driver.identity(main));
  const applied = (await driver.history(connection).rows()).map((row) => row.name);
  return { entry, applied };
}

function isOf(entry: JournalEntry | undefined, died: Died): boolean {
  if (entry === undefined || entry.phase === 'finished') return false;
  return entry.run === died.run || (entry.pid === died.pid && entry.host === hostname());
}

/** Of a run that had not come to promoting, no copy is a way back. */
function isUseless(copy: ListedCopy, died: Died): boolean {
  return copy.state === 'leftover' || (!died.promoting && copy.run !== undefined && copy.run === died.run);
}

async function recoverMain(setup: Setup): Promise<readonly Finding[]> {
  const result = await recorded({ ...setup, lockWaitMs }, 'recover', true, {}, async (run) => {
    await using _lock = await takeLock(run);
    await recover(run);
    await claimMain(run);
    if (run.middle === undefined) await releaseMain(run);
    return 'nothing-pending';
  });
  // What it says of the dead run is what the report of that very run is about.
  if (result.error === undefined) return result.findings.filter((finding) => finding.gate !== 'recovery');
  const message = `The clean-up is left to the next run: ${result.error.message}`;
  return [{ gate: 'recovery', severity: 'note', message }];
}
