import type { Run } from '../run-log.ts';
import type { Evidence, Violation } from '../seams/evidence.ts';
import type { Branch, Checkpoint } from '../seams/provider.ts';
import type { Migration } from '../seams/source.ts';

/** Looks for broken pages on a branch. */
export interface DamageCheck extends AsyncDisposable {
  /** Call after the last migration. Answers with what main did not bring along, and tells the run of what it did. */
  finish(evidence: readonly Evidence[]): Promise<readonly Violation[]>;
}

/**
 * What the branch was made from is looked at while migrations are rehearsed; then only what they wrote is left to be
 * looked at. Code can write anything, so that after code, or without a base, it is the whole branch.
 */
export function damageCheck(
  run: Run,
  branch: Branch,
  base: Checkpoint | undefined,
  migrations: readonly Migration[],
): DamageCheck {
  const { driver, main } = run.setup;
  const brought = base && driver.damage(base.target);
  // It is told where it is awaited.
  brought?.catch(() => undefined);
  const partial = base !== undefined && migrations.every((migration) => migration.language === 'sql');
  return {
    async finish(evidence) {
      const found = await driver.damage(branch.target, partial ? writtenIn(evidence) : undefined);
      if (found.length === 0 && brought === undefined) return found;
      const old = new Set((await (brought ?? driver.damage(main))).map((violation) => violation.message));
      if (old.size > 0) run.note('integrity', `Main is damaged already: ${[...old].join('; ')}.`);
      return found.filter((violation) => !old.has(violation.message));
    },
    // The base must not be thrown away while it is read.
    async [Symbol.asyncDispose]() {
      await brought?.catch(() => undefined);
    },
  };
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
