import { lookAt } from '../look-at.ts';
import type { Run } from '../run-log.ts';
import type { Told } from '../seams/driver.ts';
import type { Evidence } from '../seams/evidence.ts';
import type { Branch, Copy } from '../seams/provider.ts';
import { tablesInDoubt, withComparison } from '../with-comparison.ts';

/**
 * What counters do not tell about rows, told by comparing every row of the branch with the state before the migration.
 * `before` is a copy of that state.
 */
export async function compared(run: Run, before: Copy, branch: Branch, evidence: Evidence): Promise<Evidence> {
  const { driver, provider } = run.setup;
  await using look = await lookAt(provider, before, {
    label: `${run.id}-before`,
    run: run.id,
    signal: run.signal,
  });
  return withComparison(evidence, await driver.compare(look.target, branch.target, told(evidence)));
}

function told(evidence: Evidence): Told {
  const { statements } = evidence;
  const tables = tablesInDoubt(evidence);
  return { ...(statements === undefined ? {} : { statements }), ...(tables === undefined ? {} : { tables }) };
}
