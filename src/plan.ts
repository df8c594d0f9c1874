import { appliedChecksum, isMarkedGone } from './gone.ts';
import type { HistoryRow } from './seams/records.ts';
import type { Direction, Migration } from './seams/source.ts';
import { versionKey, withVersion } from './with-version.ts';

/** A disagreement between files and history. */
export type Drift =
  | {
      readonly kind: 'changed';
      readonly name: string;
      readonly file?: string;
      readonly applied: string;
      readonly now: string;
      /** Unified diff against the text that was applied; absent where that was not kept. */
      readonly diff?: string;
    }
  /** `appliedOn` is empty where only the framework's own record knows of it. */
  | { readonly kind: 'missing'; readonly name: string; readonly appliedOn: string; readonly checksum: string }
  | { readonly kind: 'out-of-order'; readonly name: string; readonly after: string }
  | { readonly kind: 'duplicate'; readonly version: string; readonly names: readonly string[] };

/** Which migrations a run is asked for; without any of these, all that are pending (up) or the last one (down). */
export interface Selection {
  /** Up to and including this one. */
  readonly to?: string;
  /** This many. */
  readonly step?: number;
  /** These, by name. */
  readonly migrations?: readonly string[];
  /** What to do with a named migration that is applied already. @default 'throw' */
  readonly rerun?: 'throw' | 'skip' | 'allow';
}

export interface Plan {
  /** What the run will do, in the order of doing. */
  readonly selected: readonly Migration[];
  /** All that is not applied. */
  readonly pending: readonly Migration[];
  readonly applied: readonly HistoryRow[];
  /** Of these, those whose file is gone, which a person accepted. */
  readonly gone: readonly HistoryRow[];
  readonly drift: readonly Drift[];
}

/** Thrown by `plan` for a selection that names what is not there. */
export class SelectionError extends Error {
  override readonly name = 'SelectionError';
}

/**
 * Compares what the source lists with what the history says, and reports every disagreement. `diffs` holds, by name,
 * the diff of each changed file.
 */
export function plan(
  migrations: readonly Migration[],
  history: readonly HistoryRow[],
  selection: Selection = {},
  direction: Direction = 'up',
  diffs: ReadonlyMap<string, string> = new Map(),
): Plan {
  const rows = new Map(history.map((row) => [row.name, row]));
  const pending = migrations.filter((migration) => !rows.has(migration.name));
  return {
    selected:
      direction === 'up' ? selectUp(migrations, pending, rows, selection) : selectDown(migrations, rows, selection),
    pending,
    applied: history,
    gone: withoutFile(migrations, history).filter(isMarkedGone),
    drift: [
      ...changed(migrations, rows, diffs),
      ...missing(migrations, history),
      ...outOfOrder(migrations, rows),
      ...duplicates(migrations),
    ],
  };
}

function selectUp(
  migrations: readonly Migration[],
  pending: readonly Migration[],
  rows: ReadonlyMap<string, HistoryRow>,
  { to, step, migrations: names, rerun = 'throw' }: Selection,
): readonly Migration[] {
  if (names !== undefined) {
    return named(migrations, names).filter((migration) => {
      if (!rows.has(migration.name) || rerun === 'allow') return true;
      if (rerun === 'skip') return false;
      throw new SelectionError(`${migration.name} is applied already.`);
    });
  }
  if (to !== undefined) {
    const last = migrations.indexOf(find(migrations, to));
    return pending.filter((migration) => migrations.indexOf(migration) <= last);
  }
  return step === undefined ? pending : pending.slice(0, step);
}

/** Newest first. As in Umzug, `to` is undone too, and `0` stands for everything. */
function selectDown(
  migrations: readonly Migration[],
  rows: ReadonlyMap<string, HistoryRow>,
  { to, step, migrations: names, rerun = 'throw' }: Selection,
): readonly Migration[] {
  const applied = migrations.filter((migration) => rows.has(migration.name)).toReversed();
  if (names !== undefined) {
    return named(migrations, names).filter((migration) => {
      if (rows.has(migration.name) || rerun === 'allow') return true;
      if (rerun === 'skip') return false;
      throw new SelectionError(`${migration.name} is not applied.`);
    });
  }
  if (to === '0') return applied;
  if (to !== undefined) {
    const first = find(migrations, to);
    if (!rows.has(first.name)) throw new SelectionError(`${first.name} is not applied.`);
    return applied.slice(0, applied.indexOf(first) + 1);
  }
  return applied.slice(0, step ?? 1);
}

function named(migrations: readonly Migration[], names: readonly string[]): readonly Migration[] {
  return names.map((name) => find(migrations, name));
}

/** By name, else by version where only one has it: people type `003`, or `3`. */
function find(migrations: readonly Migration[], name: string): Migration {
  const exact = migrations.find((migration) => migration.name === name);
  const versions = withVersion(migrations, name);
  const found = exact ?? (versions.length === 1 ? versions[0] : undefined);
  if (found === undefined) {
    const known = migrations.map((migration) => migration.name).join(', ');
    throw new SelectionError(
      `There is no migration "${name}". There ${known === '' ? 'is none at all' : `are: ${known}`}.`,
    );
  }
  return found;
}

function changed(
  migrations: readonly Migration[],
  rows: ReadonlyMap<string, HistoryRow>,
  diffs: ReadonlyMap<string, string>,
): Drift[] {
  return migrations.flatMap((migration) => {
    const row = rows.get(migration.name);
    if (row === undefined || appliedChecksum(row) === migration.checksum) return [];
    const diff = diffs.get(migration.name);
    return [
      {
        kind: 'changed' as const,
        name: migration.name,
        ...(migration.file === undefined ? {} : { file: migration.file }),
        applied: appliedChecksum(row),
        now: migration.checksum,
        ...(diff === undefined ? {} : { diff }),
      },
    ];
  });
}

function missing(migrations: readonly Migration[], history: readonly HistoryRow[]): Drift[] {
  return withoutFile(migrations, history)
    .filter((row) => !isMarkedGone(row))
    .map(({ name, appliedOn, checksum }) => ({ kind: 'missing' as const, name, appliedOn, checksum }));
}

function withoutFile(migrations: readonly Migration[], history: readonly HistoryRow[]): readonly HistoryRow[] {
  const names = new Set(migrations.map((migration) => migration.name));
  return history.filter((row) => !names.has(row.name));
}

/** A pending migration that sorts before one that is applied: it was merged late. */
function outOfOrder(migrations: readonly Migration[], rows: ReadonlyMap<string, HistoryRow>): Drift[] {
  const last = migrations.findLastIndex((migration) => rows.has(migration.name));
  const newest = migrations[last];
  if (newest === undefined) return [];
  return migrations
    .slice(0, last)
    .filter((migration) => !rows.has(migration.name) && migration.unordered === undefined)
    .map((migration) => ({ kind: 'out-of-order' as const, name: migration.name, after: newest.name }));
}

function duplicates(migrations: readonly Migration[]): Drift[] {
  const same = new Map<string, Migration[]>();
  for (const migration of migrations) {
    const key = versionKey(migration.version);
    same.set(key, [...(same.get(key) ?? []), migration]);
  }
  return [...same.values()].flatMap((ones) => {
    const [first, second] = ones;
    if (first === undefined || second === undefined) return [];
    return [{ kind: 'duplicate' as const, version: first.version, names: ones.map(({ name }) => name) }];
  });
}
