import { assignedBy, type ColumnsOf } from './assignments.ts';
import type { SqliteDatabase } from './client.ts';
import { eachToken, keywordOf } from './tokens.ts';

/**
 * The columns, as `table.column`, that the triggers of some tables or views set in rows that exist. A column that keeps
 * the time of the last change is the common case: no statement names it, and its values are meant to change.
 */
export function triggered(
  database: SqliteDatabase,
  tables: ReadonlySet<string>,
  columnsOf: ColumnsOf,
): readonly string[] {
  if (tables.size === 0) return [];
  const places = [...tables].map(() => '?').join(', ');
  const triggers = database
    .prepare(`SELECT sql FROM main.sqlite_schema WHERE type = 'trigger' AND tbl_name COLLATE NOCASE IN (${places})`)
    .raw()
    .all(...tables) as [string][];
  return [
    ...new Set(triggers.flatMap(([sql]) => bodyOf(sql).flatMap((statement) => assignedBy(statement, columnsOf)))),
  ];
}

/** The statements between BEGIN and END. */
function bodyOf(trigger: string): readonly string[] {
  const statements: string[] = [];
  let start: number | undefined;
  for (const token of eachToken(trigger)) {
    if (start === undefined) {
      if (keywordOf(token) === 'BEGIN') start = token.start + token.text.length;
    } else if (token.text === ';') {
      statements.push(trigger.slice(start, token.start));
      start = token.start + 1;
    }
  }
  return statements;
}
