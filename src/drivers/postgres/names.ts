/** Forerun's own tables: never part of a schema, a comparison or a digest, in whatever schema they are. */
export const historyTable = '_schema_history';
export const textTable = '_forerun_texts';
export const journalTable = '_forerun_journal';

export const ownTables: readonly string[] = [historyTable, textTable, journalTable];

/** What a table's name is made of. */
export interface TableParts {
  readonly schema: string;
  readonly table: string;
}

/** Quotes any identifier, for SQL. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Quotes a text, for SQL. */
export function quoteLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * The name of a table as it stands everywhere outside this driver: `schema.table`, quoted where PostgreSQL's
 * `format('%I.%I', …)` quotes. SQL that answers with names uses that, and this says the same for names from elsewhere.
 */
export function tableName({ schema, table }: TableParts): string {
  return `${plainIdentifier(schema)}.${plainIdentifier(table)}`;
}

/** Takes `schema.table` apart again. Throws a TypeError for what `tableName` does not make. */
export function tableParts(name: string): TableParts {
  const [, schema, table] = /^((?:"(?:[^"]|"")+")|[^".]+)\.((?:"(?:[^"]|"")+")|[^".]+)$/.exec(name) ?? [];
  if (schema === undefined || table === undefined) throw new TypeError(`${name} is no table name with a schema`);
  return { schema: unquoted(schema), table: unquoted(table) };
}

/** A table's name for SQL, wholly quoted. */
export function quoteTable(name: string): string {
  const { schema, table } = tableParts(name);
  return `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;
}

/** As PostgreSQL's `quote_ident`. */
export function plainIdentifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) && !keywords.has(name) ? name : quoteIdentifier(name);
}

function unquoted(identifier: string): string {
  return identifier.startsWith('"') ? identifier.slice(1, -1).replaceAll('""', '"') : identifier;
}

/** `SELECT word FROM pg_get_keywords() WHERE catcode <> 'U'` on PostgreSQL 18: what `quote_ident` quotes. */
const keywords: ReadonlySet<string> = new Set(
  `all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast char character check coalesce collate collation column concurrently constraint create cross current_catalog current_date current_role current_schema current_time current_timestamp current_user dec decimal default deferrable desc distinct do else end except exists extract false fetch float for foreign freeze from full grant greatest group grouping having ilike in initially inner inout int integer intersect interval into is isnull join json json_array json_arrayagg json_exists json_object json_objectagg json_query json_scalar json_serialize json_table json_value lateral leading least left like limit localtime localtimestamp merge_action national natural nchar none normalize not notnull null nullif numeric offset on only or order out outer overlaps overlay placing position precision primary real references returning right row select session_user setof similar smallint some substring symmetric system_user table tablesample then time timestamp to trailing treat trim true union unique user using values varchar variadic verbose when where window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable`.split(
    ' ',
  ),
);
