import type { Run } from '../run-log.ts';
import type { Evidence } from '../seams/evidence.ts';
import type { Target } from '../seams/target.ts';
import type { Rehearsal } from './rehearse.ts';

/**
 * Whether migrations that nobody knew to be pending have turned out to be none: schema, rows and the history are on the
 * branch as they are on main. Says so.
 */
export async function changedNothing(run: Run, { branch, steps }: Rehearsal): Promise<boolean> {
  const idle = steps.every(({ migration, evidence }) => migration.continues === true && isUntouched(evidence));
  if (!idle || (await namesOn(run, branch.target)) !== (await namesOn(run, run.setup.main))) return false;
  for (const { migration } of steps) {
    run.note('rehearsal', 'It ended well and changed nothing: there was nothing to apply.', migration.name);
  }
  // What an earlier run began of it is whole.
  run.middle = undefined;
  return true;
}

function isUntouched({ error, schema, tables = [], needsComparison = [], rowsUnseen = [] }: Evidence): boolean {
  const certain = error === undefined && needsComparison.length === 0 && rowsUnseen.length === 0;
  return certain && schema?.diff.length === 0 && !tables.some((table) => table.changed);
}

async function namesOn({ setup }: Run, target: Target): Promise<string> {
  await using connection = await setup.driver.open(target);
  return JSON.stringify((await setup.driver.history(connection).rows()).map((row) => row.name));
}
