import type { Row, Session } from '../../seams/driver.ts';
import { quoteTable } from './names.ts';
import type { RowEvent } from './row-writes.ts';

/** Rows of a table that are written. */
export interface TableWrite {
  /** As `tableName` says it. */
  readonly table: string;
  readonly event: RowEvent;
  /** Of an update: the columns that are set. Absent where they are not known. */
  readonly columns?: readonly string[];
}

/** What the server does of its own accord when rows are written: `by` is the write that sets it off. */
export type Hook = { readonly by: TableWrite } & (
  | {
      readonly what: 'trigger';
      readonly name: string;
      /** Before each row, so that it can give the row other values. */
      readonly changesRow: boolean;
      readonly routine: string;
      readonly language: string;
      /** Its CREATE FUNCTION, where it is written in PL/pgSQL. */
      readonly definition: string | undefined;
      readonly args: readonly string[];
    }
  | { readonly what: 'rule'; readonly definition: string }
  /** The action of a foreign key on the table that refers. */
  | { readonly what: 'key'; readonly write: TableWrite }
  /** Rows of a partition, or of a child, are written along with the whole. */
  | { readonly what: 'heir'; readonly write: TableWrite }
);

/** What writes set off, asked of the catalog as it is now. One query. */
export async function hooksOf(
  session: Session,
  version: number,
  writes: readonly TableWrite[],
): Promise<readonly Hook[]> {
  const tables = writes.map(({ table }) => quoteTable(table));
  const rows = await session.query(hooksQuery(version), [tables, writes.map(({ event }) => event)]);
  return rows.flatMap((row) => {
    const write = writes[Number(row['place']) - 1];
    const of = listIn(row['of']);
    // An update sets off only what is about its columns.
    return write === undefined || (of !== undefined && !touches(write, of)) ? [] : [hookOf(row, write)];
  });
}

function touches({ event, columns }: TableWrite, of: readonly string[]): boolean {
  return event !== 'update' || columns === undefined || of.some((column) => columns.includes(column));
}

function hookOf(row: Row, by: TableWrite): Hook {
  const text = (name: string): string => String(row[name]);
  const listed = listIn(row['columns']);
  if (row['what'] === 'rule') return { what: 'rule', by, definition: text('definition') };
  if (row['what'] === 'trigger') {
    return {
      what: 'trigger',
      by,
      name: text('name'),
      changesRow: row['changes'] === true,
      routine: text('routine'),
      language: text('language'),
      definition: row['definition'] === null ? undefined : text('definition'),
      args: listed ?? [],
    };
  }
  const what = row['what'] === 'heir' ? 'heir' : 'key';
  const columns = what === 'heir' ? by.columns : listed;
  const event = text('event') as RowEvent;
  return { what, by, write: { table: text('other'), event, ...(columns === undefined ? {} : { columns }) } };
}

function listIn(list: unknown): readonly string[] | undefined {
  return typeof list === 'string' ? (JSON.parse(list) as string[]) : undefined;
}

/** Which columns ON DELETE SET sets can be chosen since PostgreSQL 15. */
function hooksQuery(version: number): string {
  const set = version < 15 ? 'f.conkey' : `coalesce(CASE w.event WHEN 'delete' THEN f.confdelsetcols END, f.conkey)`;
  return `
    WITH wanted AS MATERIALIZED (
      SELECT w.place, to_regclass(w.name)::oid AS oid, w.event FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w(name, event, place))
    SELECT w.place::int4 AS place, 'trigger' AS what, t.tgname::text AS name, (t.tgtype & 3) = 3 AS changes,
           ${names('t.tgrelid', 't.tgattr::int2[]')} AS of,
           (SELECT json_agg(g.arg ORDER BY g.at)::text FROM unnest(string_to_array(encode(t.tgargs, 'escape'), chr(92) || '000')) WITH ORDINALITY AS g(arg, at)) AS columns,
           NULL AS other, NULL AS event, format('%I.%I', n.nspname, p.proname) AS routine, l.lanname::text AS language,
           CASE l.lanname WHEN 'plpgsql' THEN pg_get_functiondef(p.oid) END AS definition
      FROM wanted AS w JOIN pg_catalog.pg_trigger AS t ON t.tgrelid = w.oid
      JOIN pg_catalog.pg_proc AS p ON p.oid = t.tgfoid
      JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
      JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
     WHERE (NOT t.tgisinternal OR (t.tgparentid <> 0 AND t.tgconstraint = 0)) AND t.tgenabled IN ('O', 'A')
       AND (t.tgtype & CASE w.event WHEN 'insert' THEN 4 WHEN 'delete' THEN 8 WHEN 'update' THEN 16 ELSE 32 END) <> 0
     UNION ALL
    SELECT w.place::int4, 'rule', r.rulename::text, NULL, NULL, NULL, NULL, NULL, NULL, NULL, pg_get_ruledef(r.oid)
      FROM wanted AS w JOIN pg_catalog.pg_rewrite AS r ON r.ev_class = w.oid
     WHERE r.rulename <> '_RETURN' AND r.ev_enabled IN ('O', 'A')
       AND r.ev_type = CASE w.event WHEN 'update' THEN '2' WHEN 'insert' THEN '3' WHEN 'delete' THEN '4' END
     UNION ALL
    SELECT w.place::int4, 'key', f.conname::text, NULL, CASE w.event WHEN 'update' THEN ${names('f.confrelid', 'f.confkey')} END,
           ${names('f.conrelid', set)}, ${table('f.conrelid')},
           CASE WHEN w.event = 'delete' AND f.confdeltype = 'c' THEN 'delete' ELSE 'update' END, NULL, NULL, NULL
      FROM wanted AS w JOIN pg_catalog.pg_constraint AS f ON f.confrelid = w.oid AND f.contype = 'f'
     WHERE CASE w.event WHEN 'delete' THEN f.confdeltype WHEN 'update' THEN f.confupdtype END IN ('c', 'n', 'd')
     UNION ALL
    SELECT w.place::int4, 'heir', NULL, NULL, NULL, NULL, ${table('i.inhrelid')}, w.event, NULL, NULL, NULL
      FROM wanted AS w JOIN pg_catalog.pg_inherits AS i ON i.inhparent = w.oid`;
}

/** NULL where no column is numbered. */
function names(relation: string, numbers: string): string {
  return `(SELECT json_agg(a.attname)::text FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = ${relation} AND a.attnum = ANY (${numbers}))`;
}

function table(oid: string): string {
  return `(SELECT format('%I.%I', s.nspname, c.relname) FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS s ON s.oid = c.relnamespace WHERE c.oid = ${oid})`;
}
