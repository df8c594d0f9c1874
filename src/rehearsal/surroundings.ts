import { notComparedText } from '../not-compared.ts';
import type { Run } from '../run-log.ts';
import type { Branch } from '../seams/provider.ts';

/**
 * Says, once a run, what a rehearsal on this branch cannot tell: what gates that are off would ask, objects that are not compared, and in what the branch is
 * unlike main, where times may differ.
 */
export async function noteSurroundings(run: Run, branch: Branch): Promise<void> {
  if (run.surveyed) return;
  run.surveyed = true;
  noteGatesOff(run);
  const { driver, main } = run.setup;
  const unlike = (await driver.unlikeMain?.(main, branch.target)) ?? [];
  if (unlike.length > 0)
    run.note('rehearsal', `The branch is unlike main, so that times on main may differ: ${unlike.join('; ')}.`);
  if (driver.notCompared === undefined) return;
  await using connection = await driver.open(main);
  const kinds = await driver.notCompared(connection);
  if (kinds.length > 0) run.note('rehearsal', notComparedText(kinds));
}

/** A clean report must not pass for an answer of a gate that was not asked. */
export function noteGatesOff({ setup, note }: Run): void {
  const off = Object.keys(setup.policy).filter((gate) => setup.policy[gate] === 'off');
  if (off.length > 0) note('policy', `Gates that are off: ${off.join(', ')}.`);
}
