import type { Session } from '../../seams/driver.ts';
import { quoteIdentifier } from './tokens.ts';

export async function sqliteCounts(session: Session, tables: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const table of tables) {
    const [row] = await session.query(`SELECT count(*) AS rows FROM main.${quoteIdentifier(table)}`);
    counts.set(table, Number(row?.['rows']));
  }
  return counts;
}
