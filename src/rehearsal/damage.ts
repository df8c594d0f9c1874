import type { Run } from '../run-log.ts';
import type { Evidence, Violation } from '../seams/evidence.ts';
import type { Branch } from '../seams/provider.ts';
import type { Migration } from '../seams/source.ts';

/**
 * What is broken on the branch after the last migration, and was not brought along from main. `brought` is what is
 * being found meanwhile in what the branch was made from: then only what the migrations wrote is left to be looked at.
 * Code can write anything, so that after code, or without `brought`, it is the whole branch.
 */
export async function newDamage(
  run: Run,
  branch: Branch,
  migrations: readonly Migration[],
  evidence: readonly Evidence[],
  brought?: Promise<readonly Violation[]>,
): Promise<readonly Violation[]> {
  const { driver, main } = run.setup;
  const partial = brought !== undefined && migrations.every((migration) => migration.language === 'sql');
  const found = await driver.damage(branch.target, partial ? writtenIn(evidence) : undefined);
  if (found.length === 0 && brought === undefined) return found;
  return notBrought(run, found, await (brought ?? driver.damage(main)));
}

/**
 * Of what is broken that which main did not bring along. Of what it did is warned: that is no migration's doing, and stops
 * none, which may be the one that mends it.
 */
export function notBrought(run: Run, found: readonly Violation[], brought: readonly Violation[]): readonly Violation[] {
  const old = new Set(brought.map((violation) => violation.message));
  if (old.size > 0 && run.setup.policy['integrity'] !== 'off') {
    const message = `Main is damaged already: ${[...old].join('; ')}. Look at it with: forerun doctor`;
    run.emit({ type: 'finding', finding: { gate: 'integrity', severity: 'warn', message } });
  }
  return found.filter((violation) => !old.has(violation.message));
}

/** Tables that are still there and whose rows changed. */
function writtenIn(evidence: readonly Evidence[]): readonly string[] {
  const there = new Set<string>();
  for (const table of evidence.flatMap(({ tables = [] }) => tables)) {
    if (table.renamedFrom !== undefined) there.delete(table.renamedFrom);
    if (table.rowsAfter === undefined) there.delete(table.table);
    else if (table.changed || table.rowsBefore === undefined) there.add(table.table);
  }
  return [...there];
}
