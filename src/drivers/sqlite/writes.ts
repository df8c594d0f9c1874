import type { SqliteDatabase } from './client.ts';
import type { Statement } from './statements.ts';

interface Step {
  readonly opcode: string;
  readonly p1: number;
  readonly p2: number;
  readonly p3: number;
  readonly p5: number;
}

/**
 * The tables that a statement can write, foreign key actions and triggers included, read from SQLite's own plan: the
 * root pages that EXPLAIN's OpenWrite, Clear and Destroy name. A write to a virtual table has no root page there, so
 * it counts as a write to every virtual table. Undefined where the statement cannot be explained.
 */
export function writesOf(database: SqliteDatabase, { kind, sql }: Statement): readonly string[] | undefined {
  // A pragma takes effect while SQLite compiles it, explained or not; and what is explained cannot be explained again.
  if (kind === 'pragma' || kind === 'query') return [];
  let steps: readonly Step[];
  try {
    steps = database.prepare(`EXPLAIN ${sql}`).all() as Step[];
  } catch {
    return undefined;
  }
  const roots = new Set(steps.flatMap(rootWritten));
  const virtual = steps.some((step) => step.opcode === 'VUpdate');
  if (roots.size === 0 && !virtual) return [];
  const objects = database
    .prepare(
      `SELECT DISTINCT tbl_name AS name, rootpage AS root, sql LIKE 'CREATE VIRTUAL%' AS virtual FROM main.sqlite_schema WHERE tbl_name NOT LIKE 'sqlite~_%' ESCAPE '~'`,
    )
    .all() as { name: string; root: number | null; virtual: number | null }[];
  const written = objects.filter((object) => roots.has(object.root ?? 0) || (virtual && object.virtual === 1));
  return [...new Set(written.map((object) => object.name))];
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
