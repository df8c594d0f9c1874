import { chmod, constants, copyFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { whenFree } from '../../drivers/sqlite/busy.ts';
import { openDatabase, type SqliteDatabase } from '../../drivers/sqlite/client.ts';
import { ForerunError } from '../../error.ts';
import type { Making } from '../../seams/provider.ts';
import { pour } from './pour.ts';
import { copyLive } from './copy-live.ts';
import { canReflink } from './reflink.ts';
import { shapeOf, type Shape } from './shape.ts';
import { ensureSpace, sizeOf } from './space.ts';

export interface Taking {
  /** The new file, there already and empty, for its owner only. */
  readonly to: string;
  readonly waitMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly waiting?: Making['waiting'];
  /** Called inside the transaction whose state is copied; again where the first way does not work. */
  readonly inside?: () => void;
}

/** Copies a live database, whoever else reads and writes it, into one file at rest that was compared with it. */
export async function take(source: SqliteDatabase, taking: Taking): Promise<'reflink' | 'copy' | 'backup'> {
  if ((await canReflink(source.name, dirname(taking.to))) && (await byReflink(source, taking))) return 'reflink';
  if (await byCopy(source, taking)) return 'copy';
  await byBackup(source, taking);
  return 'backup';
}

/** Copies a file that no program writes. */
export async function copyAtRest(from: string, to: string): Promise<'reflink' | 'copy'> {
  const cloned = (await canReflink(from, dirname(to))) && (await clone(from, to));
  if (!cloned) {
    await ensureSpace(dirname(to), (await sizeOf(from)) ?? 0, `a copy of ${from}`);
    await copyFile(from, to);
  }
  await chmod(to, 0o600);
  return cloned ? 'reflink' : 'copy';
}

/** Whether all of a database is in its main file. */
export async function isAtRest(file: string): Promise<boolean> {
  return !(await sizeOf(`${file}-wal`)) && !(await sizeOf(`${file}-journal`));
}

/**
 * Writers are held off meanwhile. The database file goes first and its WAL second: a checkpoint by another program
 * may move pages from the WAL to the file in between, and the WAL, which nobody can start anew now, has them all.
 */
async function byReflink(source: SqliteDatabase, taking: Taking): Promise<boolean> {
  const { to, signal } = taking;
  const shape = await begin(source, 'BEGIN IMMEDIATE', taking);
  let cloned = false;
  try {
    taking.inside?.();
    const walBytes = (await sizeOf(`${source.name}-wal`)) ?? 0;
    await ensureSpace(dirname(to), walBytes, `a copy of ${source.name}`);
    cloned = await copyLive(source.name, to, 'shared', signal);
    if (cloned && walBytes > 0) cloned = await copyLive(`${source.name}-wal`, `${to}-wal`, 'shared', signal);
  } finally {
    source.exec('ROLLBACK');
  }
  if (cloned) await settle(to, shape, source.name);
  else await rm(`${to}-wal`, { force: true });
  return cloned;
}

/**
 * Several times as fast as a backup, where the file cannot change while a read transaction lasts: with a rollback
 * journal nobody writes it beside a reader; with an empty WAL the reader holds WAL_READ_LOCK(0), and nobody moves pages
 * from the WAL to the file meanwhile (https://www.sqlite.org/walformat.html, "WAL locks"). Writers are not held off.
 */
async function byCopy(source: SqliteDatabase, taking: Taking): Promise<boolean> {
  const { to, signal } = taking;
  const shape = await begin(source, 'BEGIN', taking);
  let copied = false;
  try {
    if (shape.pages === 0 || (shape.wal && (await sizeOf(`${source.name}-wal`)))) return false;
    taking.inside?.();
    await ensureSpace(dirname(to), shape.pages * shape.pageSize, `a copy of ${source.name}`);
    copied = await copyLive(source.name, to, 'whole', signal);
  } finally {
    source.exec('ROLLBACK');
  }
  if (copied) await settle(to, shape, source.name);
  return copied;
}

/** The read transaction pins a state: writers cannot make the copying start again. */
async function byBackup(source: SqliteDatabase, taking: Taking): Promise<void> {
  const { to, waitMs, signal } = taking;
  await writeFile(to, '', { mode: 0o600 });
  const shape = await begin(source, 'BEGIN', taking);
  try {
    taking.inside?.();
    await ensureSpace(dirname(to), shape.pages * shape.pageSize, `a copy of ${source.name}`);
    if (shape.pages > 0) await pour(source, to, { waitMs, signal, what: 'copying it' });
  } finally {
    if (source.inTransaction) source.exec('ROLLBACK');
  }
  await settle(to, shape, source.name);
}

/** Begins and reads, so that the transaction has its state from here on. */
async function begin(source: SqliteDatabase, statement: string, { waitMs, signal, waiting }: Taking): Promise<Shape> {
  const attempt = (): Shape => {
    if (!source.inTransaction) source.exec(statement);
    return shapeOf(source);
  };
  try {
    return await whenFree(attempt, { waitMs, signal, waiting, what: `copying ${source.name}` });
  } catch (error) {
    if (source.inTransaction) source.exec('ROLLBACK');
    throw error;
  }
}

/** Brings the WAL into the copy and compares the copy with what it was made from. */
async function settle(to: string, expected: Shape, from: string): Promise<void> {
  await chmod(to, 0o600);
  const copy = await openDatabase(to);
  let shape: Shape;
  try {
    if (expected.wal) copy.pragma('wal_checkpoint(TRUNCATE)');
    shape = shapeOf(copy);
  } finally {
    copy.close();
  }
  if (shape.pages === expected.pages && shape.schema === expected.schema) return;
  throw new ForerunError(
    'PROVIDER_FAILED',
    `The copy of ${from} differs from it: ${shape.pages} pages of ${expected.pages}.`,
    {
      details: {},
      next: 'Check the disk and the database (PRAGMA integrity_check), then try again.',
    },
  );
}

async function clone(from: string, to: string): Promise<boolean> {
  return copyFile(from, to, constants.COPYFILE_FICLONE_FORCE).then(
    () => true,
    () => false,
  );
}
