import { quoteLiteral } from '../names.ts';

/** One kind of objects: a SELECT of `key`, `text`, over the shared parts of `withObjects`. */
export type Part = (version: number) => string;

/**
 * What every part reads from: schemas that are not the system's, members of extensions (and functions that came with a
 * type), and the relations and indexes in question with the names they go by. Not among them are the tables of `leftOut` with their sequences, and what an extension made.
 */
export function withObjects(leftOut: readonly string[]): string {
  return `
    members AS MATERIALIZED (
      SELECT classid, objid FROM pg_catalog.pg_depend
       WHERE (deptype = 'e' AND refclassid = 'pg_catalog.pg_extension'::regclass)
          OR (deptype = 'i' AND classid = 'pg_catalog.pg_proc'::regclass)),
    spaces AS MATERIALIZED (
      SELECT oid, nspname, nspowner, nspacl FROM pg_catalog.pg_namespace
       WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'),
    left_out AS MATERIALIZED (
      SELECT oid FROM pg_catalog.pg_class WHERE relkind = 'r' AND relname IN (${leftOut.map(quoteLiteral).join(', ')})
       UNION
      SELECT d.objid FROM pg_catalog.pg_depend AS d JOIN pg_catalog.pg_class AS t ON t.oid = d.refobjid
       WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')
         AND d.refobjid >= ${firstOfUsers} AND t.relkind = 'r' AND t.relname IN (${leftOut.map(quoteLiteral).join(', ')})),
    relations AS MATERIALIZED (
      SELECT c.*, s.nspname, format('%I.%I', s.nspname, c.relname) AS name
        FROM pg_catalog.pg_class AS c JOIN spaces AS s ON s.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c') AND c.relpersistence <> 't'
         AND c.oid NOT IN (SELECT oid FROM left_out)
         AND ${notMember('pg_class', 'c.oid')}),
    indexes AS MATERIALIZED (
      SELECT c.oid, c.relname, c.relkind, c.reloptions, c.reltablespace, c.relam, format('%I.%I', s.nspname, c.relname) AS name,
             i.indrelid, i.indisvalid, i.indisready, i.indisclustered, i.indisreplident
        FROM pg_catalog.pg_index AS i
        JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
        JOIN relations AS r ON r.oid = i.indrelid
        JOIN spaces AS s ON s.oid = c.relnamespace)`;
}

/** Objects that are made with the cluster have lower numbers: there are thousands, and none of them is read. */
export const firstOfUsers = 16_384;

export function notMember(catalog: string, oid: string): string {
  return `NOT EXISTS (SELECT FROM members WHERE members.classid = 'pg_catalog.${catalog}'::regclass AND members.objid = ${oid})`;
}

/** Lines that are NULL are left out. */
export function lines(...parts: readonly string[]): string {
  return `concat_ws(E'\\n', ${parts.join(', ')})`;
}

/** Words that are NULL are left out. */
export function words(...parts: readonly string[]): string {
  return `concat_ws(' ', ${parts.join(', ')})`;
}

/** A text where a condition holds. */
export function given(condition: string, text: string): string {
  return `CASE WHEN ${condition} THEN ${text} END`;
}

export function owner(oid: string): string {
  return `'OWNER ' || quote_ident(pg_get_userbyid(${oid}))`;
}

/** Sorted by bytes, whatever collation the database has. */
export function sortedList(text: string, separator = ', '): string {
  return `string_agg(${text}, '${separator}' ORDER BY ${text} COLLATE "C")`;
}

/**
 * Storage parameters in order of their name, without those that the server keeps there for itself: since 15.20 and its
 * sisters `pg_attver` stands at every column, another number after every change.
 */
export function options(list: string, prefix = ''): string {
  return `(SELECT '${prefix}WITH (' || ${sortedList('o')} || ')' FROM unnest(${list}) AS o WHERE o NOT LIKE 'pg~_%' ESCAPE '~' HAVING count(*) > 0)`;
}

export function tablespace(oid: string): string {
  return `(SELECT 'TABLESPACE ' || quote_ident(spcname) FROM pg_catalog.pg_tablespace AS space WHERE space.oid = ${oid})`;
}

/** Says that a trigger, rule or event trigger does not fire as usual. */
export function firing(enabled: string): string {
  return `CASE ${enabled} WHEN 'O' THEN NULL WHEN 'D' THEN 'DISABLED' WHEN 'R' THEN 'ENABLED ON REPLICA' WHEN 'A' THEN 'ENABLED ALWAYS' END`;
}

/** Options of foreign objects by name, each with a digest of its value: values can be secrets. */
export function hashedOptions(list: string): string {
  return `(SELECT 'OPTIONS (' || ${sortedList(`concat(split_part(o, '=', 1), ' md5:', md5(o))`)} || ')' FROM unnest(${list}) AS o HAVING count(*) > 0)`;
}
