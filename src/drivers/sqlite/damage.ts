import type { Violation } from '../../seams/evidence.ts';
import { messageOf } from '../../error.ts';
import { codeOf } from './busy.ts';
import type { SqliteDatabase } from './client.ts';

/** What `PRAGMA quick_check` finds. Its lines name tables, columns, indexes and row numbers, never values. */
export function damageOf(
  database: SqliteDatabase,
  schema: 'main' | 'before' = 'main',
  tables?: readonly string[],
): readonly Violation[] {
  return violationsIn(linesOf(database, schema, tables));
}

/** The lines of `quick_check` as violations. Rows that break a rule of their table are no broken pages. */
export function violationsIn(lines: readonly string[]): readonly Violation[] {
  return lines
    .filter((line) => line !== 'ok')
    .map((line) => ({ kind: aboutRows.test(line) ? 'constraint' : 'corruption', message: line }));
}

/** As `sqlite3Pragma` words them. */
const aboutRows = /^(?:CHECK constraint failed in|(?:NULL|NUMERIC|TEXT|non-\w+) value in) /;

function linesOf(database: SqliteDatabase, schema: string, tables: readonly string[] | undefined): readonly string[] {
  const whole = (): readonly string[] =>
    tables === undefined
      ? quickCheck(database, schema, '10')
      : tables.flatMap((table) => quickCheck(database, schema, quoted(table)));
  try {
    return unlessUnknown(whole) ?? withoutChecks(database, schema);
  } catch (error) {
    if (/^SQLITE_(CORRUPT|NOTADB)/.test(codeOf(error) ?? '')) return [messageOf(error)];
    throw error;
  }
}

/** Where a CHECK or an index calls a function that is not known here, all that can be looked at without it. */
function withoutChecks(database: SqliteDatabase, schema: string): readonly string[] {
  database.pragma('ignore_check_constraints = ON');
  const tables = database
    .prepare(`SELECT name FROM ${schema}.sqlite_schema WHERE type = 'table' AND rootpage > 0`)
    .raw()
    .all() as string[][];
  return tables
    .flat()
    .flatMap(
      (table) =>
        unlessUnknown(() => quickCheck(database, schema, quoted(table))) ?? brokenPages(database, schema, table),
    );
}

function brokenPages(database: SqliteDatabase, schema: string, table: string): readonly string[] {
  const pages = database
    .prepare(
      `SELECT DISTINCT d.name AS tree, d.pageno AS page FROM ${schema}.sqlite_schema AS s JOIN dbstat(?) AS d ON d.name = s.name
        WHERE s.tbl_name = ? AND d.pagetype = 'corrupted' LIMIT 10`,
    )
    .all(schema, table) as { tree: string; page: number }[];
  return pages.map(({ tree, page }) => `Tree ${tree} page ${page} is broken`);
}

function quickCheck(database: SqliteDatabase, schema: string, argument: string): readonly string[] {
  return (database.prepare(`PRAGMA ${schema}.quick_check(${argument})`).raw().all() as string[][]).flat();
}

/** Undefined where SQLite refuses because of a function that is not known. */
function unlessUnknown<T>(check: () => T): T | undefined {
  try {
    return check();
  } catch (error) {
    if (codeOf(error) === 'SQLITE_ERROR') return undefined;
    throw error;
  }
}

/** The argument of a pragma is a string or a name. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
