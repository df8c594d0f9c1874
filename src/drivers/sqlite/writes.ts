import type { SqliteDatabase } from './client.ts';
import type { Statement } from './statements.ts';

interface Step {
  readonly opcode: string;
  readonly p1: number;
  readonly p2: number;
  readonly p3: number;
  readonly p5: number;
}

export interface Writes {
  /** Tables that the statement can write. */
  readonly writes: readonly string[];
  /** Those of them that it can take rows from; absent where that cannot be known. */
  readonly removes?: readonly string[];
}

/**
 * What a statement can write, foreign key actions and triggers included, read from SQLite's own plan: the root pages that
 * EXPLAIN's OpenWrite, Clear and Destroy name. Rows go by Clear and Destroy, and by Delete, which also stands for a row
 * that gets another key. A write to a virtual table has no root page there, so it counts as a write to every virtual
 * table. Undefined where the statement cannot be explained.
 */
export function writesOf(database: SqliteDatabase, { kind, sql }: Statement): Writes | undefined {
  // A pragma takes effect while SQLite compiles it, explained or not; and what is explained cannot be explained again.
  if (kind === 'pragma' || kind === 'query') return { writes: [], removes: [] };
  let steps: readonly Step[];
  try {
    steps = explain(database, sql);
  } catch {
    return undefined;
  }
  const roots = new Set(steps.flatMap(rootWritten));
  const virtual = steps.some((step) => step.opcode === 'VUpdate');
  // The rows of a table that takes another's name are not taken from anywhere.
  const isKnown = !virtual && !/\brename\b/i.test(sql);
  if (roots.size === 0 && !virtual) return { writes: [], ...(isKnown ? { removes: [] } : {}) };
  const objects = database
    .prepare(
      `SELECT DISTINCT tbl_name AS name, rootpage AS root, sql LIKE 'CREATE VIRTUAL%' AS virtual FROM main.sqlite_schema WHERE tbl_name NOT LIKE 'sqlite~_%' ESCAPE '~'`,
    )
    .all() as { name: string; root: number | null; virtual: number | null }[];
  const named = (those: ReadonlySet<number>): readonly string[] => [
    ...new Set(
      objects.filter(({ root, virtual: is }) => those.has(root ?? 0) || (virtual && is === 1)).map(({ name }) => name),
    ),
  ];
  return { writes: named(roots), ...(isKnown ? { removes: named(rootsEmptied(steps)) } : {}) };
}

/** As arrays: a plan has hundreds of steps, of which few are looked at, and objects take twice as long to make. */
function explain(database: SqliteDatabase, sql: string): readonly Step[] {
  const rows = database.prepare(`EXPLAIN ${sql}`).raw().all() as [
    number,
    string,
    number,
    number,
    number,
    unknown,
    number,
  ][];
  return rows
    .filter(([, opcode]) => looked.has(opcode))
    .map(([, opcode, p1, p2, p3, , p5]) => ({ opcode, p1, p2, p3, p5 }));
}

const looked = new Set(['Init', 'OpenWrite', 'Clear', 'Destroy', 'Delete', 'VUpdate']);

/** Each program, the statement's own and those of triggers and foreign keys, numbers its cursors for itself. */
function rootsEmptied(steps: readonly Step[]): ReadonlySet<number> {
  const emptied = new Set<number>();
  const cursors = new Map<number, number>();
  for (const step of steps) {
    const [root] = rootWritten(step);
    if (step.opcode === 'Init') cursors.clear();
    if (step.opcode === 'OpenWrite') cursors.set(step.p1, root ?? 0);
    else if (root !== undefined) emptied.add(root);
    if (step.opcode === 'Delete') emptied.add(cursors.get(step.p1) ?? 0);
  }
  // Triggers and views have no page, which is told as 0.
  emptied.delete(0);
  return emptied;
}

/** OpenWrite's root page is then a register's number: a table or index that the statement itself makes. */
const inRegister = 0x10;

/** Page 1 is the schema itself, and page 0 no page; databases other than main are not ours to watch. */
function rootWritten(step: Step): number[] {
  const [root, database] =
    step.opcode === 'OpenWrite' && (step.p5 & inRegister) === 0
      ? [step.p2, step.p3]
      : step.opcode === 'Clear'
        ? [step.p1, step.p2]
        : step.opcode === 'Destroy'
          ? [step.p1, step.p3]
          : [0, 0];
  return database === 0 && root > 1 ? [root] : [];
}
