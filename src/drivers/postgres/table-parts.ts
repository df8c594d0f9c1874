import type { Session } from '../../seams/driver.ts';
import { planned } from './planned.ts';
import { firstOfUsers } from './schema/select.ts';

/** What hangs on one table, by names of columns, so that a table and the one that takes its place can be compared. */
export interface TableParts {
  /** By `pg_attribute.attnum`; without those that were dropped. */
  readonly columns: ReadonlyMap<number, ColumnPart>;
  readonly constraints: readonly ConstraintPart[];
  readonly indexes: readonly IndexPart[];
  readonly triggers: readonly string[];
  readonly policies: readonly string[];
  /** Views and materialised views that read it. */
  readonly views: readonly string[];
  /** Of columns: those that a column owns, and those that its default reads. */
  readonly sequences: readonly { readonly oid: number; readonly column: string; readonly owned: boolean }[];
  /** Names of columns, and the empty name for the table itself. */
  readonly comments: readonly string[];
  /** Who may do what, as `pg_class.relacl` has it: `role=letters/grantor`. The owner's own are not among them. */
  readonly grants: readonly string[];
  readonly rowSecurity: boolean;
  readonly forcedRowSecurity: boolean;
}

export interface ColumnPart {
  readonly name: string;
  /** Its type with modifier; not in words. */
  readonly type: string;
  readonly hasDefault: boolean;
  readonly isIdentity: boolean;
  readonly isGenerated: boolean;
  readonly notNull: boolean;
}

export interface ConstraintPart {
  readonly oid: number;
  readonly name: string;
  /** `pg_constraint.contype`. */
  readonly type: string;
  readonly columns: readonly string[];
  readonly validated: boolean;
  /** The table that a foreign key refers to, and `attnum`s there. */
  readonly references?: { readonly table: number; readonly columns: readonly number[] };
}

export interface IndexPart {
  readonly oid: number;
  readonly name: string;
  /** Null for an expression. */
  readonly columns: readonly (string | null)[];
  readonly unique: boolean;
  readonly partial: boolean;
  /** Whether a constraint keeps it. */
  readonly ofConstraint: boolean;
}

/** The parts of every table, by number, from the catalogs alone. One query. */
export async function tableParts(session: Session): Promise<ReadonlyMap<number, TableParts>> {
  const rows = await planned(session, 'parts', partsQuery);
  const found = new Map<number, Map<string, unknown[][]>>();
  for (const row of rows) {
    const table = Number(row['table']);
    const parts = found.get(table) ?? new Map<string, unknown[][]>();
    found.set(table, parts);
    parts.set(String(row['what']), JSON.parse(String(row['parts'])) as unknown[][]);
  }
  return new Map([...found].map(([table, parts]) => [table, partsFrom((what) => parts.get(what) ?? [])]));
}

function partsFrom(all: (what: string) => readonly unknown[][]): TableParts {
  const columns = new Map(
    all('column').map((each): [number, ColumnPart] => {
      const [number, name, type, hasDefault, isIdentity, isGenerated, notNull] = each as ColumnRow;
      return [number, { name, type, hasDefault, isIdentity, isGenerated, notNull }];
    }),
  );
  const nameOf = (number: number): string => columns.get(number)?.name ?? '';
  const namesIn = (what: string): readonly string[] => all(what).map(([name]) => String(name));
  const [[rowSecurity, forced, grants] = [false, false, null]] = all('table') as [boolean, boolean, string[] | null][];
  return {
    columns,
    constraints: all('constraint').map((each) => {
      const [oid, name, type, keys, validated, table, foreign] = each as ConstraintRow;
      const references = table === 0 ? {} : { references: { table, columns: foreign ?? [] } };
      return { oid, name, type, columns: (keys ?? []).map(nameOf), validated, ...references };
    }),
    indexes: all('index').map((each) => {
      const [oid, name, keys, unique, partial, ofConstraint] = each as IndexRow;
      return { oid, name, columns: keys.map((key) => (key === 0 ? null : nameOf(key))), unique, partial, ofConstraint };
    }),
    triggers: namesIn('trigger'),
    policies: namesIn('policy'),
    views: namesIn('view'),
    sequences: (all('sequence') as [number, number, boolean][]).map(([oid, column, owned]) => ({
      oid,
      column: nameOf(column),
      owned,
    })),
    comments: (all('comment') as [number][]).map(([column]) => (column === 0 ? '' : nameOf(column))),
    grants: grants ?? [],
    rowSecurity,
    forcedRowSecurity: forced,
  };
}

type ColumnRow = [number, string, string, boolean, boolean, boolean, boolean];
type ConstraintRow = [number, string, string, number[] | null, boolean, number, number[] | null];
type IndexRow = [number, string, number[], boolean, boolean, boolean];

/** One row for each table and kind of part. */
const partsQuery = `
  WITH tables AS MATERIALIZED (
    SELECT c.oid, c.relrowsecurity, c.relforcerowsecurity, c.relowner, c.relacl
      FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
       AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema')
  SELECT t.oid::int8 AS table, p.what, json_agg(p.part)::text AS parts
    FROM tables AS t JOIN (
      SELECT oid, 'table' AS what,
             json_build_array(relrowsecurity, relforcerowsecurity,
               (SELECT json_agg(a::text) FROM unnest(relacl) AS a WHERE a::text NOT LIKE quote_ident(pg_get_userbyid(relowner)) || '=%')) AS part
        FROM tables
       UNION ALL
      SELECT attrelid, 'column',
             json_build_array(attnum, attname, atttypid || ' ' || atttypmod, atthasdef AND attgenerated = '', attidentity <> '', attgenerated <> '', attnotnull)
        FROM pg_catalog.pg_attribute WHERE attrelid >= ${firstOfUsers} AND attnum > 0 AND NOT attisdropped
       UNION ALL
      SELECT conrelid, 'constraint',
             json_build_array(oid::int8, conname, contype, conkey, convalidated, confrelid::int8, confkey)
        FROM pg_catalog.pg_constraint WHERE conrelid >= ${firstOfUsers}
       UNION ALL
      SELECT i.indrelid, 'index',
             json_build_array(i.indexrelid::int8, c.relname, i.indkey::int2[], i.indisunique, i.indpred IS NOT NULL, k.conindid IS NOT NULL)
        FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
        LEFT JOIN (SELECT DISTINCT conindid FROM pg_catalog.pg_constraint WHERE contype IN ('p', 'u', 'x')) AS k ON k.conindid = i.indexrelid
       WHERE i.indrelid >= ${firstOfUsers}
       UNION ALL
      SELECT tgrelid, 'trigger', json_build_array(tgname) FROM pg_catalog.pg_trigger WHERE NOT tgisinternal
       UNION ALL
      SELECT polrelid, 'policy', json_build_array(polname) FROM pg_catalog.pg_policy
       UNION ALL
      SELECT u.refobjid, 'view', json_build_array(u.name)
        FROM (SELECT DISTINCT d.refobjid, format('%I.%I', n.nspname, v.relname) AS name
                FROM pg_catalog.pg_depend AS d
                JOIN pg_catalog.pg_rewrite AS r ON r.oid = d.objid
                JOIN pg_catalog.pg_class AS v ON v.oid = r.ev_class AND v.relkind IN ('v', 'm')
                JOIN pg_catalog.pg_namespace AS n ON n.oid = v.relnamespace
               WHERE d.refobjid >= ${firstOfUsers} AND d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass) AS u
       UNION ALL
      SELECT d.refobjid, 'sequence', json_build_array(d.objid::int8, d.refobjsubid, true)
        FROM pg_catalog.pg_depend AS d JOIN pg_catalog.pg_sequence AS q ON q.seqrelid = d.objid
       WHERE d.objid >= ${firstOfUsers} AND d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
         AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
       UNION ALL
      SELECT a.adrelid, 'sequence', json_build_array(d.refobjid::int8, a.adnum, false)
        FROM pg_catalog.pg_depend AS d
        JOIN pg_catalog.pg_attrdef AS a ON a.oid = d.objid
        JOIN pg_catalog.pg_sequence AS q ON q.seqrelid = d.refobjid
       WHERE d.objid >= ${firstOfUsers} AND d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
       UNION ALL
      SELECT objoid, 'comment', json_build_array(objsubid)
        FROM pg_catalog.pg_description WHERE objoid >= ${firstOfUsers} AND classoid = 'pg_catalog.pg_class'::regclass
    ) AS p ON p.oid = t.oid
   GROUP BY t.oid, p.what`;
