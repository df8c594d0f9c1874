import { messageOf } from '../error.ts';
import { ownWork, runsUpTo } from '../promotion/claim.ts';
import type { RunOptions } from '../run-log.ts';
import { schemaDiff } from '../schema-diff.ts';
import type { Driver, LockHolder, Schema } from '../seams/driver.ts';
import type { JournalEntry } from '../seams/records.ts';
import type { SchemaChange, TableEvidence } from '../seams/evidence.ts';
import type { Branch, Checkpoint, ListedCopy, Making } from '../seams/provider.ts';
import type { Target } from '../seams/target.ts';
import type { Setup } from '../setup.ts';
import { heard } from '../telling.ts';
import { infoOf, type CopyInfo } from './copy-info.ts';
import { ensureWhole } from './ensure-whole.ts';
import { asCheckpoint, findCopy } from './find-copy.ts';
import { lookAt } from '../look-at.ts';
import { lockMain, newHolder } from './lock.ts';

/** What a rollback takes back: all that main became since the checkpoint. */
export interface RollbackPreview {
  readonly checkpoint: CopyInfo;
  /** From the checkpoint to main: what is `added` will be gone, and what is `removed` will be back. */
  readonly schema: readonly SchemaChange[];
  /** Tables that differ, with the checkpoint as the state before and main as the state after. */
  readonly tables: readonly TableEvidence[];
  /** Migrations that main's history has and the checkpoint's has not. */
  readonly migrations: readonly string[];
  /** Tables that could not be compared, and why. */
  readonly notes: readonly string[];
  /** Whether main stays as it is, and a branch of the checkpoint is made instead: the provider cannot put main back. */
  readonly beside: boolean;
  /** Main as it was just before the rollback; absent in a preview, and where main stays as it is. */
  readonly safety?: CopyInfo;
  /** What main was, at an address of its own; only where main stays as it is. */
  readonly branch?: CopyInfo;
}

/** What a rollback to a checkpoint would take back. Changes nothing. Throws `PROVIDER_FAILED` for one that is damaged. */
export async function previewRollback(setup: Setup, idOrLabel: string): Promise<RollbackPreview> {
  await setup.driver.examine(setup.main);
  return preview(setup, await findCopy(setup, idOrLabel, 'checkpoint'));
}

/**
 * Returns main to a checkpoint, behind a checkpoint of main as it is. What anybody wrote to main since is on that one
 * alone afterwards; what is written in the moments between the two steps is lost. Where the provider cannot put main
 * back, it makes a branch of the checkpoint, and main stays as it is.
 */
export async function rollback(setup: Setup, idOrLabel: string, options: RunOptions = {}): Promise<RollbackPreview> {
  await setup.driver.examine(setup.main);
  const wanted = await findCopy(setup, idOrLabel, 'checkpoint');
  const holder = newHolder('rollback');
  await using _lock = await lockMain(setup, holder, options);
  const found = await preview(setup, wanted);
  const notes = [...found.notes];
  const { provider } = setup;
  if (provider.restore === undefined) {
    const branch = await provider.branch(asCheckpoint(wanted), {
      label: `rollback-to-${wanted.id}`,
      ...heard(options),
      note: (message) => notes.push(message),
    });
    return { ...found, notes, branch: infoOf(branch) };
  }
  try {
    const safety = await replaceMain(setup, wanted, { holder, notes, takenBack: found.migrations }, heard(options));
    return { ...found, notes, safety: infoOf(safety) };
  } finally {
    await cleanUp(setup, holder, notes);
  }
}

async function preview(setup: Setup, checkpoint: ListedCopy): Promise<RollbackPreview> {
  const { driver, main } = setup;
  const { run } = newHolder('look');
  await using look = await lookAt(setup.provider, checkpoint, { label: run, run });
  await ensureWhole(driver, look.target, checkpoint);
  const [before, after] = [await stateOf(driver, look.target), await stateOf(driver, main)];
  const { tables = [], notes = [] } = await driver.compare(look.target, main);
  return {
    checkpoint: infoOf(checkpoint),
    schema: schemaDiff(before.schema, after.schema),
    tables: tables.filter((table) => table.changed || table.columnsDropped !== undefined),
    migrations: after.applied.filter((name) => !before.applied.includes(name)),
    notes,
    beside: setup.provider.restore === undefined,
  };
}

async function stateOf(
  driver: Driver,
  target: Target,
): Promise<{ readonly schema: Schema; readonly applied: readonly string[] }> {
  await using connection = await driver.open(target);
  const applied = (await driver.history(connection).rows()).map((row) => row.name);
  return { schema: await driver.schema(connection), applied };
}

/**
 * The checkpoint carries main's journal of its own time along. A copy of it that says `finished` is what main becomes,
 * so that there is no moment at which main names a run that is long over.
 */
async function replaceMain(
  setup: Setup,
  wanted: ListedCopy,
  {
    holder,
    notes,
    takenBack,
  }: { readonly holder: LockHolder; readonly notes: string[]; readonly takenBack: readonly string[] },
  how: Pick<Making, 'signal' | 'waiting'>,
): Promise<Checkpoint> {
  const { provider, main, source } = setup;
  const scratch = await provider.branch(asCheckpoint(wanted), { label: holder.run, run: holder.run, ...how });
  await stamp(setup, scratch, holder, takenBack);
  await using safety = await provider.checkpoint(main, { label: `before-rollback-${wanted.id}`, ...how });
  // A record in the database itself goes back with it.
  const outside = source.tables === undefined ? source : undefined;
  let recorded: readonly string[] | undefined;
  let isAsked = false;
  try {
    how.signal?.throwIfAborted();
    recorded = ((await outside?.recorded?.(main)) ?? []).map((one) => (typeof one === 'string' ? one : one.name));
    // First, because whatever stands in the framework's record and not in the history would be adopted by the next run.
    await outside?.reconcile?.(main, await recordAfter(setup, scratch, recorded));
    isAsked = true;
    await provider.restore?.(scratch, main, how);
  } catch (error) {
    const restored = isAsked ? await isRestored(setup, holder) : false;
    if (restored !== true) {
      // What fails here is left over, or made good by the next run; why there was no rollback is what has to be said.
      if (recorded !== undefined) await outside?.reconcile?.(main, recorded).catch(() => {});
      // Main is what it holds, as is known for sure only where main can be asked.
      if (restored === false) await provider.discard(safety).catch(() => {});
      throw error;
    }
    notes.push(`The rollback was in doubt (${messageOf(error)}); main's journal shows that it went through.`);
  }
  return safety;
}

/** Undefined where main cannot be asked. */
async function isRestored(setup: Setup, { run }: LockHolder): Promise<boolean | undefined> {
  try {
    return (await journalOf(setup, setup.main))?.run === run;
  } catch {
    return undefined;
  }
}

/** What cannot be discarded is left to the next run, as if this process had died. */
async function cleanUp({ provider, main }: Setup, { run }: LockHolder, notes: string[]): Promise<void> {
  try {
    for (const copy of await provider.list(main)) if (copy.run === run) await provider.discard(copy);
  } catch (error) {
    notes.push(`The copy ${run} is left over, and the next run discards it: ${messageOf(error)}`);
  }
}

/**
 * The epoch goes on from the higher of the two, so that a deployer which lost its lock unawares is refused. What is taken
 * back is named, because a rollback may be asked for without the framework whose record it concerns.
 */
async function stamp(
  setup: Setup,
  scratch: Branch,
  { run, host, pid }: LockHolder,
  takenBack: readonly string[],
): Promise<void> {
  const { driver, main } = setup;
  const [now, then] = [await journalOf(setup, main), await journalOf(setup, scratch.target)];
  const epoch = Math.max(now?.epoch ?? 0, then?.epoch ?? 0) + 1;
  const all = [...new Set([...(now?.takenBack ?? []), ...takenBack])];
  const identity = await driver.identity(main);
  await driver.transaction(scratch.target, ownWork(), async (session) => {
    await driver.journal(session).write(identity, {
      run,
      epoch,
      host,
      pid,
      phase: 'finished',
      takenBack: all,
      earlier: runsUpTo(now),
      at: new Date().toISOString(),
    });
  });
}

/** What a database that is main, or is to be, says about main. */
async function journalOf({ driver, main }: Setup, target: Target): Promise<JournalEntry | undefined> {
  await using connection = await driver.open(target);
  return await driver.journal(connection).read(await driver.identity(main));
}

/** What the framework's record shall say afterwards: all that it says, without what the rollback takes back. */
async function recordAfter(
  { driver, main }: Setup,
  scratch: Branch,
  recorded: readonly string[],
): Promise<readonly string[]> {
  const [then, now] = [(await stateOf(driver, scratch.target)).applied, (await stateOf(driver, main)).applied];
  return [...new Set([...then, ...recorded.filter((name) => then.includes(name) || !now.includes(name))])];
}
