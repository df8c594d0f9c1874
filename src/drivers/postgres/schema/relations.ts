import { columns } from './columns.ts';
import { given, hashedOptions, lines, options, owner, tablespace, type Part } from './select.ts';

/** Tables, views, materialised views, foreign tables and composite types, with their columns. */
export const relations: Part = (version) => `
  SELECT ${kind} || ' ' || r.name AS key,
         ${lines(
           given(`r.relpersistence = 'u'`, `'UNLOGGED'`),
           given('r.reloftype <> 0', `'OF ' || format_type(r.reloftype, NULL)`),
           'columns.text',
           given(`r.relkind = 'p'`, `'PARTITION BY ' || pg_get_partkeydef(r.oid)`),
           parents,
           given(`r.relkind IN ('v', 'm')`, `'AS' || E'\\n' || pg_get_viewdef(r.oid)`),
           given(`r.relkind = 'm' AND NOT r.relispopulated`, `'WITH NO DATA'`),
           foreign,
           options('r.reloptions'),
           toast,
           `(SELECT 'USING ' || quote_ident(amname) FROM pg_catalog.pg_am AS m WHERE m.oid = r.relam AND amname <> 'heap')`,
           tablespace('r.reltablespace'),
           given('r.relrowsecurity', `'ROW LEVEL SECURITY'`),
           given('r.relforcerowsecurity', `'FORCE ROW LEVEL SECURITY'`),
           identity,
           owner('r.relowner'),
         )} AS text
    FROM relations AS r
    LEFT JOIN (${columns(version)}) AS columns ON columns.attrelid = r.oid
   WHERE r.relkind <> 'S'`;

const kind = `CASE r.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' WHEN 'c' THEN 'type' ELSE 'table' END`;

/** No line where there is no parent: an aggregate of nothing is NULL. */
const parents = `(
  SELECT CASE WHEN r.relispartition
           THEN 'PARTITION OF ' || min(parent) || ' ' || pg_get_expr(r.relpartbound, r.oid) || CASE WHEN bool_or(pending) THEN ' DETACH PENDING' ELSE '' END
           ELSE 'INHERITS ' || string_agg(parent, ', ' ORDER BY place) END
    FROM (SELECT format('%I.%I', n.nspname, p.relname) AS parent, i.inhseqno AS place, i.inhdetachpending AS pending
            FROM pg_catalog.pg_inherits AS i
            JOIN pg_catalog.pg_class AS p ON p.oid = i.inhparent
            JOIN pg_catalog.pg_namespace AS n ON n.oid = p.relnamespace
           WHERE i.inhrelid = r.oid) AS inherited)`;

const foreign = `(
  SELECT concat_ws(' ', 'SERVER', quote_ident(s.srvname), ${hashedOptions('f.ftoptions')})
    FROM pg_catalog.pg_foreign_table AS f JOIN pg_catalog.pg_foreign_server AS s ON s.oid = f.ftserver
   WHERE r.relkind = 'f' AND f.ftrelid = r.oid)`;

const toast = `(SELECT ${options('t.reloptions', 'TOAST ')} FROM pg_catalog.pg_class AS t WHERE r.reltoastrelid <> 0 AND t.oid = r.reltoastrelid)`;

/** An index that is the identity says so itself. */
const identity = `CASE WHEN r.relkind IN ('r', 'p') THEN CASE r.relreplident WHEN 'f' THEN 'REPLICA IDENTITY FULL' WHEN 'n' THEN 'REPLICA IDENTITY NOTHING' END END`;
