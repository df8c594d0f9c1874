import { appliedChecksum } from '../../gone.ts';
import type { Run } from '../../run-log.ts';
import type { HistoryRow } from '../../seams/records.ts';
import type { Copy } from '../../seams/provider.ts';
import type { Direction, Migration } from '../../seams/source.ts';
import type { Setup } from '../../setup.ts';

/** A migration by which the histories of main and of a branch differ. */
export interface Brought extends HistoryRow {
  /** `up`: the branch has it and main has not. */
  readonly direction: Direction;
  /** What was applied; empty where that was not kept. */
  readonly text: string;
  /** As the source has it; absent where it is not there, or is another text by now. */
  readonly migration?: Migration;
}

/** Tells the run which migrations a branch brings to main or takes back, and what of that will be drift. */
export async function broughtBy(run: Run, main: Copy, branch: Copy): Promise<readonly Brought[]> {
  const [there, here] = [await historyOf(run.setup, main), await historyOf(run.setup, branch)];
  const reverted = missingFrom(here, there).filter((row) => !here.some((other) => other.name === row.name));
  const applied = missingFrom(there, here);
  const migrations = reverted.length + applied.length === 0 ? [] : await run.setup.source.migrations();
  const brought: readonly Brought[] = [
    ...reverted.map((row) => ({ ...row, direction: 'down' as const, ...inSource(migrations, row) })),
    ...applied.map((row) => ({ ...row, direction: 'up' as const, ...inSource(migrations, row) })),
  ];
  const pending = brought.map(({ version, name, checksum }) => ({ version, name, checksum }));
  run.emit({ type: 'planned', pending, applied: there.length, drift: [] });
  for (const row of brought) say(run, row, migrations);
  return brought;
}

type Applied = HistoryRow & { readonly text: string };

async function historyOf({ driver }: Setup, copy: Copy): Promise<readonly Applied[]> {
  await using connection = await driver.open(copy.target);
  const history = driver.history(connection);
  const rows: Applied[] = [];
  for (const row of await history.rows()) rows.push({ ...row, text: (await history.text(row.checksum)) ?? '' });
  return rows;
}

/** Rows of `rows` that `others` has not, or has with another checksum. */
function missingFrom(others: readonly Applied[], rows: readonly Applied[]): readonly Applied[] {
  return rows.filter(
    (row) => !others.some((other) => other.name === row.name && appliedChecksum(other) === appliedChecksum(row)),
  );
}

function inSource(migrations: readonly Migration[], row: HistoryRow): Pick<Brought, 'migration'> {
  const migration = migrations.find(({ name, checksum }) => name === row.name && checksum === row.checksum);
  return migration === undefined ? {} : { migration };
}

function say(run: Run, { name, direction, migration }: Brought, migrations: readonly Migration[]): void {
  if (direction === 'down') run.note('promotion', `${name} was reverted on the branch, and will be on main.`, name);
  // A tool that goes on from wherever the database is writes down itself what it has applied, and knows it again.
  else if (migration === undefined && !migrations.some(({ continues }) => continues === true)) {
    const there = migrations.some((candidate) => candidate.name === name);
    const what = there
      ? 'was changed after it was applied to the branch'
      : `is not among the migrations of ${run.setup.source.name}`;
    const message = `${name} ${what}: once it is on main, the next run stops at it until the file is what was applied.`;
    run.emit({ type: 'finding', finding: { gate: 'drift', severity: 'warn', migration: name, message } });
  }
}
