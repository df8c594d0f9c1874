import type { Schema, Session, TableColumns } from '../../seams/driver.ts';
import { ownTables } from './names.ts';
import { tokensOf, unquote } from './tokens.ts';
import { isDerived } from './virtual.ts';

/**
 * Every object of the database with the text that SQLite keeps of it, in a normal form: comments dropped, one space
 * between words, identifiers without needless quotes (ALTER TABLE … RENAME adds them). Left out: Forerun's own
 * tables, SQLite's own (`sqlite_…`), and the shadow tables that a virtual table makes for itself.
 */
export async function sqliteSchema(session: Session): Promise<Schema> {
  const rows = await session.query(
    `SELECT type, name, tbl_name AS tbl, sql FROM main.sqlite_schema
      WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite~_%' ESCAPE '~'
        AND name NOT IN (SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow')`,
  );
  const objects = rows
    .filter((row) => !ownTables.includes(String(row['tbl'])))
    .map((row) => [`${String(row['type'])} ${String(row['name'])}`, normalForm(String(row['sql']))] as const);
  return new Map([...objects, ...(await settings(session))].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Tables with rows of their own, and their columns without generated and hidden ones. Left out are virtual tables that
 * only show what others hold, and those whose module this connection does not know.
 */
export async function sqliteTables(session: Session): Promise<readonly TableColumns[]> {
  const rows = await session.query(
    `SELECT l.name AS tbl, l.type, s.sql, x.name AS col
       FROM pragma_table_list AS l
       JOIN main.sqlite_schema AS s ON s.type = 'table' AND s.name = l.name
       JOIN pragma_table_xinfo(l.name, l.schema) AS x
      WHERE l.schema = 'main' AND l.type IN ('table', 'virtual') AND l.ncol > 0 AND l.name NOT LIKE 'sqlite~_%' ESCAPE '~'
        AND x.hidden = 0
      ORDER BY l.name, x.cid`,
  );
  const tables = new Map<string, string[]>();
  for (const row of rows) {
    const table = String(row['tbl']);
    const columns = tables.get(table);
    if (columns !== undefined) columns.push(String(row['col']));
    else if (!ownTables.includes(table) && !(row['type'] === 'virtual' && isDerived(String(row['sql'])))) {
      tables.set(table, [String(row['col'])]);
    }
  }
  return [...tables].map(([table, columns]) => ({ table, columns }));
}

/** The canonical text of one definition. */
export function normalForm(sql: string): string {
  let text = '';
  let previous = '(';
  for (const token of tokensOf(sql)) {
    if (token.kind === 'space' || token.kind === 'comment') continue;
    const next = token.kind === 'identifier' ? plain(unquote(token)) : token.text;
    const joined = ['(', '.'].includes(previous) || ['(', ')', ',', '.'].includes(next);
    text += joined ? next : ` ${next}`;
    previous = next;
  }
  return text;
}

/** Numbers in the file's header that migrations set and applications read. */
async function settings(session: Session): Promise<readonly (readonly [string, string])[]> {
  const names = ['user_version', 'application_id'] as const;
  const values = await Promise.all(names.map((name) => session.query(`SELECT ${name} AS value FROM pragma_${name}`)));
  return names.flatMap((name, at) => {
    const value = Number(values[at]?.[0]?.['value'] ?? 0);
    return value === 0 ? [] : [[`setting ${name}`, String(value)] as const];
  });
}

/** Words that mean a value where they stand bare, and a column where they are quoted. */
const values = /^(null|true|false|current_date|current_time|current_timestamp)$/i;

function plain(name: string): string {
  return /^[A-Za-z_\u0080-\uFFFF][\w$\u0080-\uFFFF]*$/.test(name) && !values.test(name)
    ? name
    : `"${name.replaceAll('"', '""')}"`;
}
