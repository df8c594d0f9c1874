import { mkdir, rm, writeFile } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import type { HistoryRow } from '../seams/records.ts';
import type { Setup } from '../setup.ts';
import { stampOf } from './moment.ts';

/** One migration whose file was changed or is gone: its row as it will be, and the checksum that it had. */
export interface Repair {
  readonly row: HistoryRow;
  readonly from: string;
  /** The text that belongs to the new checksum. */
  readonly text: string;
}

/** The document of a repair; removed when it is disposed of, unless it was kept. */
export interface RepairDocument extends AsyncDisposable {
  keep(): void;
}

/**
 * Writes why a changed or a missing file was accepted, among the run documents: `runs/<time>-repair.json` in the
 * database's folder. A stored format, version 1.
 */
export async function writeRepair(setup: Setup, reason: string, repairs: readonly Repair[]): Promise<RepairDocument> {
  const now = new Date();
  const folder = join(setup.driver.home(setup.main), 'runs');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `${stampOf(now)}-${String(now.getMilliseconds()).padStart(3, '0')}-repair.json`);
  const user = userName();
  const document = {
    format: 1,
    verb: 'repair',
    reason,
    rows: repairs.map(({ row, from }) => ({ name: row.name, from, to: row.checksum })),
    at: now.toISOString(),
    host: hostname(),
    ...(user === undefined ? {} : { user }),
  };
  await writeFile(file, `${JSON.stringify(document, undefined, 2)}\n`, { flag: 'wx', mode: 0o600 }).catch(
    async (error: unknown) => {
      // On a full disk an empty file is left behind; one of that name is another repair's.
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST'))
        await rm(file, { force: true }).catch(() => {});
      throw error;
    },
  );
  let kept = false;
  return {
    keep() {
      kept = true;
    },
    async [Symbol.asyncDispose]() {
      if (!kept) await rm(file, { force: true });
    },
  };
}

/** Undefined for a user that the system has no name for, as in some containers. */
function userName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}
