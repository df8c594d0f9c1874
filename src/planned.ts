import { ForerunError } from './error.ts';
import type { Severity } from './gate.ts';
import { driftMessage } from './drift-message.ts';
import { refuseBesideSql } from './only-sql.ts';
import { plan, SelectionError, type Drift, type Plan, type Selection } from './plan.ts';
import { changesSince } from './changes.ts';
import type { Run } from './run-log.ts';
import { historyOf } from './reconcile.ts';
import type { Session } from './seams/driver.ts';
import type { Direction, Migration } from './seams/source.ts';
import type { Setup } from './setup.ts';

/** The plan of a run, told and judged. Any drift stops the run, with every problem listed. */
export async function planned(
  run: Run,
  direction: Direction,
  selection: Selection,
): Promise<{ readonly selected: readonly Migration[]; readonly blocked: boolean }> {
  const { setup } = run;
  const made = await run.phase('plan', undefined, async () => {
    await using connection = await setup.driver.open(setup.main);
    return await makePlan(setup, connection, direction, selection);
  });
  if (direction === 'up' && made.applied.length === 0) run.adoptable = made.selected[0]?.name;
  run.emit({
    type: 'planned',
    pending: made.selected.map(({ version, name, checksum }) => ({ version, name, checksum })),
    applied: made.applied.length,
    drift: made.drift,
  });
  for (const note of (await setup.source.notes?.(setup.main)) ?? []) run.note(setup.source.name, note);
  let blocked = false;
  for (const drift of made.drift) {
    const severity = severityOf(drift, setup);
    if (severity === undefined) continue;
    blocked ||= severity === 'block';
    run.emit({
      type: 'finding',
      finding: { gate: 'drift', severity, message: driftMessage(drift, severity === 'block') },
    });
  }
  if (!blocked) {
    for (const { name, language } of made.selected) if (language === 'code') refuseBesideSql(setup.driver, name);
    for (const migration of made.selected) await migration.prepare?.(direction);
  }
  if (direction === 'down') {
    refuseWithoutDown(made.selected);
    tellLeft(run, made);
  }
  return { selected: made.selected, blocked };
}

/** Reads source and history, and compares them. Writes nothing. `session` is one on main. */
export async function makePlan(
  setup: Setup,
  session: Session,
  direction: Direction,
  selection: Selection,
): Promise<Plan> {
  const migrations = await setup.source.migrations();
  const history = setup.driver.history(session);
  const rows = await historyOf(setup, migrations, session);
  const diffs = await changesSince(migrations, rows, history);
  try {
    return plan(migrations, rows, selection, direction, diffs);
  } catch (error) {
    if (!(error instanceof SelectionError)) throw error;
    throw new ForerunError('NOT_FOUND', error.message, {
      details: { name: selection.to ?? '' },
      next: 'See: forerun status',
      cause: error,
    });
  }
}

/** Only the order is a matter of taste; what was applied and is not what the file says never is. */
export function severityOf(drift: Drift, setup: Setup): Severity | undefined {
  const rule = drift.kind === 'out-of-order' ? setup.policy['out-of-order'] : undefined;
  return rule === 'off' ? undefined : (rule ?? 'block');
}

/** What has no file cannot be reverted, although it was applied after what is. */
function tellLeft(run: Run, { selected, applied, gone }: Plan): void {
  const first = applied.findIndex((row) => selected.some(({ name }) => name === row.name));
  if (first < 0) return;
  for (const row of applied.slice(first).filter((candidate) => gone.includes(candidate)))
    run.note('drift', `${row.name} was applied after ${applied[first]?.name}; it stays, because its file is gone.`);
}

function refuseWithoutDown(selected: readonly Migration[]): void {
  const without = selected.filter((migration) => migration.down === undefined).map((migration) => migration.name);
  if (without.length === 0) return;
  throw new ForerunError('BAD_MIGRATION', `${without.join(', ')} ${without.length === 1 ? 'has' : 'have'} no down.`, {
    details: {},
    next: 'Write one, or go back to a checkpoint with: forerun rollback <checkpoint>',
  });
}
