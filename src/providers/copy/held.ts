import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isBusy, whenFree } from '../../drivers/sqlite/busy.ts';
import { openDatabase, type SqliteDatabase } from '../../drivers/sqlite/client.ts';
import { ForerunError } from '../../error.ts';
import { chunkOf, pour } from './pour.ts';
import { confirm, dataVersion, ensurePageSize } from './replace.ts';
import { shapeOf, type Shape } from './shape.ts';
import { ensureSpace } from './space.ts';

/**
 * Holds main's writers off, makes the branch anew from main, has `rehearse` bring it forward, and makes main what the
 * branch became. Readers of main go on all the time, which needs a WAL.
 */
export async function replaceHeld(
  branch: string,
  main: string,
  waitMs: number,
  rehearse: () => Promise<void>,
): Promise<void> {
  const patience = { waitMs, what: `holding off the writers of ${main}` };
  const reader = await openDatabase(main);
  let source: SqliteDatabase | undefined;
  try {
    const before = await whenFree(() => shapeOf(reader), patience);
    if (!before.wal) throw notHeld(main);
    source = await inWalMode(branch, patience);
    ensurePageSize(before, shapeOf(source), branch, main);
    await ensureSpace(dirname(main), before.pages * before.pageSize * 2, `the change of ${main}`);
    const hold = await holdWriters(source, main, waitMs);
    const after = await renewed(reader, source, waitMs, rehearse).catch(async (error: unknown) => {
      await hold.release();
      throw error;
    });
    const version = dataVersion(reader);
    await hold.finish();
    await confirm(reader, version, after, patience);
  } finally {
    source?.close();
    reader.close();
  }
}

/** WAL mode lets the migration write the branch while the waiting backup looks at it again and again. */
async function inWalMode(branch: string, patience: { readonly waitMs: number }): Promise<SqliteDatabase> {
  const source = await openDatabase(branch);
  try {
    // Also gives a database without any page its first: one without would be promoted at once, unasked.
    await whenFree(() => source.pragma('journal_mode = WAL'), { ...patience, what: `opening ${branch}` });
    return source;
  } catch (error) {
    source.close();
    throw error;
  }
}

interface Hold {
  /** Makes main what the source holds now. */
  finish(): Promise<void>;
  /** Leaves main as it was. */
  release(): Promise<void>;
}

/**
 * A backup of the branch over main that has locked main for writing and copies nothing until it is told to. SQLite has
 * no other way to hold a lock and later write whole pages under it.
 */
async function holdWriters(source: SqliteDatabase, main: string, waitMs: number): Promise<Hold> {
  const start = performance.now();
  for (;;) {
    const hold = await tryHold(source, main);
    if (hold !== undefined) return hold;
    if (performance.now() - start >= waitMs) throw notFree(main, waitMs);
    await sleep(1 + Math.random() * 5);
  }
}

/** Undefined where somebody else writes main at this moment. */
async function tryHold(source: SqliteDatabase, main: string): Promise<Hold | undefined> {
  let step = pauser();
  let backup!: Promise<unknown>;
  const locked = new Promise<boolean>((resolve, reject) => {
    const progress = (): number => {
      resolve(true);
      return step();
    };
    backup = source.backup(main, { progress });
    backup.then(
      () => resolve(false),
      (error: unknown) => (isBusy(error) ? resolve(false) : reject(error)),
    );
  });
  if (!(await locked)) return undefined;
  return {
    async finish() {
      const chunk = chunkOf(source);
      step = () => chunk;
      await backup;
    },
    async release() {
      step = () => {
        throw new Error('released');
      };
      await backup.catch(() => undefined);
    },
  };
}

/**
 * The backup asks at every turn of the event loop. So as not to keep a processor busy, it sleeps for about as long as
 * nothing else has happened, 2 ms at most: work that goes on in this process hardly waits for it.
 */
function pauser(): () => number {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  let last = performance.now();
  let pause = 0;
  return () => {
    const idle = performance.now() - last < 0.3;
    pause = idle ? Math.min(2, pause * 2 + 0.02) : 0;
    if (pause > 0) Atomics.wait(cell, 0, 0, pause);
    last = performance.now();
    return 0;
  };
}

/** What is to be promoted, pinned by a read transaction. */
async function renewed(
  main: SqliteDatabase,
  branch: SqliteDatabase,
  waitMs: number,
  rehearse: () => Promise<void>,
): Promise<Shape> {
  await copyAgain(main, branch, waitMs);
  await rehearse();
  branch.exec('BEGIN');
  return shapeOf(branch);
}

/** No writer of main can come in between any more, so that the branch is main as it is and as it stays. */
async function copyAgain(main: SqliteDatabase, branch: SqliteDatabase, waitMs: number): Promise<void> {
  main.exec('BEGIN');
  try {
    const expected = shapeOf(main);
    await pour(main, branch.name, { waitMs, what: `copying ${main.name} again` });
    const shape = shapeOf(branch);
    if (shape.pages === expected.pages && shape.schema === expected.schema) return;
  } finally {
    main.exec('ROLLBACK');
  }
  throw new ForerunError('PROVIDER_FAILED', `The copy of ${main.name} differs from it.`, { details: {} });
}

function notHeld(main: string): ForerunError<'STALE_BRANCH'> {
  return new ForerunError(
    'STALE_BRANCH',
    `The writers of ${main} cannot be held off: with a rollback journal nobody could read it meanwhile.`,
    {
      details: {},
      next: 'Stop the programs that write it, or put it in WAL mode (PRAGMA journal_mode = WAL), then try again.',
    },
  );
}

function notFree(main: string, waitMs: number): ForerunError<'LOCKED'> {
  return new ForerunError(
    'LOCKED',
    `${main} stayed locked by another program for ${waitMs / 1000} s: its writers could not be held off.`,
    {
      details: {},
      next: 'Look for a long transaction in the application (or a database browser with unsaved changes), then try again.',
    },
  );
}
