import { firstOfUsers, notMember, type Part } from './select.ts';

/**
 * Who may do what with each object, where that is not what the owner's alone would be by default. A right that was
 * granted and one that is there by default are the same right.
 */
export const grants: Part = () => `
  SELECT 'grants on ' || o.key AS key, o.rights AS text
    FROM (SELECT g.key, ${rights('g.acl', 'g.owner')} AS rights, ${rights('acldefault(g.kind, g.owner)', 'g.owner')} AS usual
            FROM (${objects.join('\n           UNION ALL ')}) AS g(key, acl, kind, owner)
           WHERE g.acl IS NOT NULL) AS o
   WHERE o.rights <> o.usual
   UNION ALL
  SELECT format('default grants on %s by %I', CASE d.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas' ELSE 'large objects' END, pg_get_userbyid(d.defaclrole)) || coalesce(' in ' || quote_ident(s.nspname), ''),
         ${rights('d.defaclacl', 'd.defaclrole')}
    FROM pg_catalog.pg_default_acl AS d LEFT JOIN spaces AS s ON s.oid = d.defaclnamespace`;

const objects = [
  `SELECT CASE r.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' WHEN 'S' THEN 'sequence' ELSE 'table' END || ' ' || r.name,
          r.relacl, CASE r.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", r.relowner FROM relations AS r`,
  `SELECT format('column %s.%I', r.name, a.attname), a.attacl, 'c', r.relowner
     FROM relations AS r JOIN pg_catalog.pg_attribute AS a ON a.attrelid = r.oid WHERE a.attrelid >= ${firstOfUsers} AND a.attacl IS NOT NULL AND NOT a.attisdropped`,
  `SELECT format('%s %I.%I(%s)', CASE f.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END, s.nspname, f.proname, oidvectortypes(f.proargtypes)), f.proacl, 'f', f.proowner
     FROM pg_catalog.pg_proc AS f JOIN spaces AS s ON s.oid = f.pronamespace WHERE f.proacl IS NOT NULL AND f.oid >= ${firstOfUsers} AND ${notMember('pg_proc', 'f.oid')}`,
  `SELECT format('type %I.%I', s.nspname, t.typname), t.typacl, 'T', t.typowner
     FROM pg_catalog.pg_type AS t JOIN spaces AS s ON s.oid = t.typnamespace WHERE t.typacl IS NOT NULL AND t.oid >= ${firstOfUsers} AND ${notMember('pg_type', 't.oid')}`,
  `SELECT 'schema ' || quote_ident(s.nspname), s.nspacl, 'n', s.nspowner FROM spaces AS s WHERE ${notMember('pg_namespace', 's.oid')}`,
];

/** One line for each grantee and grantor; the owner as a grantor is not said. */
function rights(acl: string, owner: string): string {
  return `coalesce((
    SELECT string_agg(line, E'\\n' ORDER BY line COLLATE "C")
      FROM (SELECT CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END || ': '
                   || string_agg(x.privilege_type || CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END, ', ' ORDER BY x.privilege_type COLLATE "C")
                   || CASE WHEN x.grantor = ${owner} THEN '' ELSE ' by ' || quote_ident(pg_get_userbyid(x.grantor)) END AS line
              FROM aclexplode(${acl}) AS x GROUP BY x.grantee, x.grantor) AS l), 'nobody')`;
}
