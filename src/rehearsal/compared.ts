import { lookAt } from '../look-at.ts';
import type { Run } from '../run-log.ts';
import type { Told } from '../seams/driver.ts';
import type { Evidence, TableEvidence } from '../seams/evidence.ts';
import type { Branch, Copy } from '../seams/provider.ts';

/**
 * What counters do not tell about rows, told by comparing every row of the branch with the state before the migration.
 * `before` is a copy of that state.
 */
export async function compared(run: Run, before: Copy, branch: Branch, evidence: Evidence): Promise<Evidence> {
  const { needsComparison = [], ...known } = evidence;
  const { driver, provider } = run.setup;
  await using look = await lookAt(provider, before, {
    label: `${run.id}-before`,
    run: run.id,
    signal: run.signal,
  });
  return merged(known, needsComparison, await driver.compare(look.target, branch.target, told(evidence)));
}

function told({ statements, needsComparison = [] }: Evidence): Told {
  const tables = needsComparison.map(({ table }) => table).filter((table) => table !== undefined);
  return {
    ...(statements === undefined ? {} : { statements }),
    ...(tables.length < needsComparison.length ? {} : { tables }),
  };
}

/** Of a table that is in doubt the comparison knows the rows; sizes and the like stay as they were measured. */
function merged(known: Evidence, doubts: NonNullable<Evidence['needsComparison']>, compare: Evidence): Evidence {
  const inDoubt = new Set(doubts.map(({ table }) => table));
  const measured = new Map((known.tables ?? []).map((table) => [table.table, table]));
  const tables = new Map<string, TableEvidence>(measured);
  for (const table of compare.tables ?? []) {
    if (!inDoubt.has(undefined) && !inDoubt.has(table.table) && !inDoubt.has(table.renamedFrom)) continue;
    const { valuesChanged: _, ...sizes } = measured.get(table.table) ?? {};
    tables.set(table.table, { ...sizes, ...table });
  }
  const notes = [...(known.notes ?? []), ...(compare.notes ?? [])];
  const rowsUnseen = [...(known.rowsUnseen ?? []), ...(compare.rowsUnseen ?? [])];
  return {
    ...known,
    tables: [...tables.values()],
    ...(rowsUnseen.length > 0 ? { rowsUnseen } : {}),
    ...(notes.length > 0 ? { notes } : {}),
  };
}
