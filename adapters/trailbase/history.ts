import { sqliteTexts, type Texts } from '../../src/drivers/sqlite/texts.ts';
import { appliedChecksum, isMarkedGone, markedGone } from '../../src/gone.ts';
import type { Session } from '../../src/seams/driver.ts';
import type { History, HistoryRow } from '../../src/seams/records.ts';
import { trailbaseTime } from './applied-on.ts';
import { bareChecksum } from './checksum.ts';
import { goneButNeeded, notMade, reused } from './history-refusals.ts';
import { nameOf, partsOf, type FileName } from './names.ts';
import type { Recorded } from './system.ts';
import { readTable, table, type TableRow } from './table.ts';
import { usersRows } from './users-rows.ts';

/** What a history needs to know of its depot. */
export interface Surroundings {
  readonly database: string;
  /** Read anew. */
  files(): readonly FileName[];
}

/**
 * The history where TrailBase keeps it: its table is read and written as TrailBase does, and its own migrations are no
 * part of what Forerun sees. What that table has no room for is in Forerun's own table of texts: what was applied, and
 * which files a person accepted to be gone.
 */
export function trailbaseHistory(session: Session, { database, files }: Surroundings): History {
  const texts = sqliteTexts(session);
  return {
    async rows() {
      const [names, gone] = [files(), await texts.beginning(goneMark)];
      const rows = await usersRows((await readTable(session)) ?? [], { database, files: names, texts });
      return rows.map((row) => historyRow(row, nameIn(names, row), gone));
    },
    async row(name) {
      const row = sameAs((await readTable(session)) ?? [], partsOf(name));
      return row && historyRow(row, name, await texts.beginning(goneMark));
    },
    record: (row, text) => record(session, texts, row, text),
    async remove(name) {
      const row = sameAs((await readTable(session)) ?? [], partsOf(name));
      if (row === undefined) return;
      await session.query(`DELETE FROM ${table} WHERE version = ?`, [BigInt(row.version)]);
    },
    text: texts.read,
  };
}

async function record(session: Session, texts: Texts, row: HistoryRow, text: string): Promise<void> {
  const parts = partsOf(row.name);
  const checksum = bareChecksum(appliedChecksum(row));
  if (parts === undefined || checksum === undefined)
    throw new TypeError(`no migration of TrailBase's: ${row.name}, ${row.checksum}`);
  const rows = await readTable(session);
  if (rows === undefined) throw notMade();
  const there = rows.find(({ version }) => version === parts.version);
  if (there !== undefined && there.name !== parts.name) throw reused(row.name, there);
  if (isMarkedGone(row)) {
    if ((await texts.read(appliedChecksum(row))) !== undefined) throw goneButNeeded(row.name, appliedChecksum(row));
    return texts.keep(row.checksum, text);
  }
  await texts.remove(markedGone(row).checksum);
  await texts.keep(row.checksum, text);
  // As it was written stays the time that is not another one now.
  if (there?.appliedOn === row.appliedOn) {
    await session.query(`UPDATE ${table} SET checksum = ? WHERE version = ?`, [checksum, BigInt(parts.version)]);
    return;
  }
  await session.query(
    `INSERT INTO ${table} (version, name, applied_on, checksum) VALUES (?, ?, ?, ?)
       ON CONFLICT (version) DO UPDATE SET applied_on = excluded.applied_on, checksum = excluded.checksum`,
    [BigInt(parts.version), parts.name, trailbaseTime(row.appliedOn), checksum],
  );
}

const goneMark = markedGone({ version: '', name: '', appliedOn: '', checksum: '' }).checksum;

function historyRow(row: TableRow, name: string, gone: ReadonlySet<string>): HistoryRow {
  const { version, appliedOn, checksum } = row;
  const plain = { version: String(version), name, appliedOn, checksum };
  const marked = markedGone(plain);
  return gone.has(marked.checksum) ? marked : plain;
}

/** The letter is the file's; a row without a file is called as TrailBase calls it. */
function nameIn(files: readonly FileName[], row: Recorded): string {
  return nameOf({ letter: sameAs(files, row)?.letter ?? 'V', ...row });
}

function sameAs<One extends Recorded>(all: readonly One[], wanted: Recorded | undefined): One | undefined {
  return all.find(({ version, name }) => version === wanted?.version && name === wanted.name);
}
