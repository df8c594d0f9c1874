import type { Schema, Session, TableColumns } from '../../seams/driver.ts';
import { ownTables } from './names.ts';
import { tableForm } from './table-form.ts';
import { tokensOf, unquote } from './tokens.ts';
import { isDerived } from './virtual.ts';

/**
 * Every object of the database with the text that SQLite keeps of it, in a normal form: comments dropped, one space
 * between words, identifiers without needless quotes (ALTER TABLE … RENAME adds them), a column's constraints in one order
 * (who makes a table anew writes them as they come). Left out: the tables of
 * `leftOut`, SQLite's own (`sqlite_…`), and the shadow tables that a virtual table makes for itself.
 */
export async function sqliteSchema(session: Session, leftOut: readonly string[] = ownTables): Promise<Schema> {
  const rows = (await session.query(
    `SELECT type, name, tbl_name AS tbl, sql FROM main.sqlite_schema
      WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite~_%' ESCAPE '~'
     UNION ALL SELECT 'setting', 'user_version', '', user_version FROM pragma_user_version WHERE user_version <> 0
     UNION ALL SELECT 'setting', 'application_id', '', application_id FROM pragma_application_id WHERE application_id <> 0`,
  )) as unknown as readonly ListedObject[];
  const shadows = await shadowTables(session, rows);
  const forms = new Map<string | number, string>();
  const objects: [string, string][] = [];
  for (const { type, name, tbl, sql } of rows) {
    if (leftOut.includes(tbl) || shadows.has(name)) continue;
    const form = typeof sql === 'number' ? String(sql) : (last.forms.get(sql) ?? normalForm(sql));
    forms.set(sql, form);
    objects.push([`${type} ${name}`, form]);
  }
  objects.sort(([a], [b]) => (a < b ? -1 : 1));
  const isAsBefore =
    objects.length === last.schema.size && objects.every(([key, form]) => last.schema.get(key) === form);
  last = { forms, schema: isAsBefore ? last.schema : new Map(objects) };
  return last.schema;
}

/** What virtual tables made for themselves. Asked only where there are any: SQLite looks into every table to answer. */
async function shadowTables(session: Session, objects: readonly ListedObject[]): Promise<ReadonlySet<string>> {
  if (!objects.some(({ sql }) => /^CREATE\s+VIRTUAL/i.test(String(sql)))) return new Set();
  const rows = await session.query(`SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow'`);
  return new Set(rows.map((row) => String(row['name'])));
}

interface ListedObject {
  readonly type: string;
  readonly name: string;
  readonly tbl: string;
  /** A definition's text; a number for those in the file's header that migrations set and applications read. */
  readonly sql: string | number;
}

/**
 * What was read last: a schema is read again and again around each migration, and little of it changes, or nothing. Then
 * it is the same object, whose fingerprint is known.
 */
let last: { readonly forms: ReadonlyMap<string | number, string>; readonly schema: Schema } = {
  forms: new Map(),
  schema: new Map(),
};

/**
 * Tables with rows of their own, and their columns without generated and hidden ones. Left out are virtual tables that
 * only show what others hold, those whose module this connection does not know, and those of `leftOut`.
 */
export async function sqliteTables(
  session: Session,
  leftOut: readonly string[] = ownTables,
): Promise<readonly TableColumns[]> {
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
    else if (!leftOut.includes(table) && !(row['type'] === 'virtual' && isDerived(String(row['sql'])))) {
      tables.set(table, [String(row['col'])]);
    }
  }
  return [...tables].map(([table, columns]) => ({ table, columns }));
}

/** The canonical text of one definition. */
export function normalForm(sql: string): string {
  let text = '';
  let previous = '(';
  const tokens = tokensOf(sql).filter(({ kind }) => kind !== 'space' && kind !== 'comment');
  for (const token of tableForm(tokens)) {
    const next = token.kind === 'identifier' ? plain(unquote(token)) : token.text;
    const joined = ['(', '.'].includes(previous) || ['(', ')', ',', '.'].includes(next);
    text += joined ? next : ` ${next}`;
    previous = next;
  }
  return text;
}

/** Words that mean a value where they stand bare, and a column where they are quoted. */
const values = /^(null|true|false|current_date|current_time|current_timestamp)$/i;

function plain(name: string): string {
  return /^[A-Za-z_\u0080-\uFFFF][\w$\u0080-\uFFFF]*$/.test(name) && !values.test(name)
    ? name
    : `"${name.replaceAll('"', '""')}"`;
}
