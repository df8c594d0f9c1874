import { appliedChecksum } from './gone.ts';
import type { History, HistoryRow } from './seams/records.ts';
import type { Migration } from './seams/source.ts';

/** For each applied migration whose file was changed: the diff between the text that was applied and the text now. */
export async function changesSince(
  migrations: readonly Migration[],
  rows: readonly HistoryRow[],
  history: History,
): Promise<ReadonlyMap<string, string>> {
  const checksums = new Map(rows.map((row) => [row.name, appliedChecksum(row)]));
  const diffs = new Map<string, string>();
  for (const migration of migrations) {
    const applied = checksums.get(migration.name);
    if (applied === undefined || applied === migration.checksum) continue;
    const text = await history.text(applied);
    if (text === undefined) continue;
    const { createTwoFilesPatch } = await import('diff');
    diffs.set(
      migration.name,
      createTwoFilesPatch(migration.name, migration.name, text, migration.text, 'as applied', 'now'),
    );
  }
  return diffs;
}
