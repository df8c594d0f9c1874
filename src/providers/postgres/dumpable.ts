import { ForerunError } from '../../error.ts';
import type { Row, Session } from '../../seams/driver.ts';
import type { ServerSession } from './session.ts';

/**
 * Throws, naming everything at once, where the role cannot read all of main with pg_dump or, where it is the one that
 * restores as well, cannot make all of it anew: pg_dump and pg_restore end at the first of these, half-way.
 */
export async function ensureDumpable(source: ServerSession, restores: boolean): Promise<void> {
  const problems = await problemsIn(source, restores);
  if (problems.length === 0) return;
  throw new ForerunError(
    'PROVIDER_FAILED',
    `The role ${source.user} cannot copy this database by pg_dump: ${problems.map(({ words }) => words).join('; ')}.`,
    {
      details: {},
      next: `${[...new Set(problems.map(({ next }) => next))].join('; ')}. Or connect as a role that may, or take another way (template while nobody is connected, clone).`,
    },
  );
}

interface Problem {
  readonly words: string;
  readonly next: string;
}

async function problemsIn(source: ServerSession, restores: boolean): Promise<readonly Problem[]> {
  const rows = await source.query(query, [restores, source.version >= 150_000]);
  const role = source.user;
  const kinds: Readonly<Record<string, Problem>> = {
    create: { words: 'it may not create databases (CREATEDB)', next: `Let it: ALTER ROLE ${role} CREATEDB` },
    unreadable: { words: 'it may not read %', next: `Let it read all: GRANT pg_read_all_data TO ${role}` },
    hidden: { words: 'row security hides rows of %', next: `Let it see them: ALTER ROLE ${role} BYPASSRLS` },
    owner: { words: 'objects belong to %, for whom it cannot make them', next: bySuperuser },
    extension: { words: 'only a superuser can make the extension %', next: bySuperuser },
  };
  return Object.entries(kinds).flatMap(([kind, { words, next }]) => {
    const names = rows.filter((row) => row['problem'] === kind).map(nameOf);
    if (names.length === 0) return [];
    const more = names.length > shown ? ` and ${names.length - shown} more` : '';
    return [{ words: words.replace('%', `${names.slice(0, shown).join(', ')}${more}`), next }];
  });
}

const shown = 5;

const bySuperuser =
  'Name an address of a superuser by which copies are made (dump with branchServer; it may be of the same server)';

function nameOf(row: Row): string {
  return String(row['name']);
}

/**
 * $1: whether the same role restores; $2: whether the schema public belongs to whoever owns the database, as it does
 * from 15 on; before, everybody may make objects in it. An owner must have made an object's schema, too: what else it was
 * granted there is restored last.
 */
const query = `
  WITH me AS (
    SELECT oid, rolname, rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user
  ), schemas AS (
    SELECT oid, nspname, nspowner, nspname <> 'public' OR $2 AS closed FROM pg_namespace
    WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
  ), objects(class, oid, owner, above) AS (
    SELECT 'pg_class'::regclass, c.oid, relowner, CASE WHEN closed THEN nspowner END
      FROM pg_class AS c JOIN schemas AS s ON s.oid = relnamespace WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
    UNION ALL SELECT 'pg_proc'::regclass, p.oid, proowner, CASE WHEN closed THEN nspowner END
      FROM pg_proc AS p JOIN schemas AS s ON s.oid = pronamespace
    UNION ALL SELECT 'pg_namespace'::regclass, oid, nspowner, NULL FROM schemas
      WHERE nspname <> 'public' OR ($2 AND nspowner <> 'pg_database_owner'::regrole)
    UNION ALL SELECT 'pg_database'::regclass, oid, datdba, NULL FROM pg_database WHERE datname = current_database()
  ), own AS (
    SELECT * FROM objects AS o WHERE NOT EXISTS (
      SELECT FROM pg_depend AS d WHERE d.classid = o.class AND d.objid = o.oid AND d.deptype = 'e')
  ), tables AS (
    SELECT c.oid, c.relkind, format('%I.%I', n.nspname, c.relname) AS name,
      has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS readable
    FROM own JOIN pg_class AS c ON own.class = 'pg_class'::regclass AND c.oid = own.oid JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'S')
  )
  SELECT 'create' AS problem, rolname::text AS name FROM me WHERE $1 AND NOT (rolcreatedb OR rolsuper)
  UNION ALL SELECT 'unreadable', name FROM tables WHERE NOT readable
  UNION ALL SELECT 'hidden', name FROM tables WHERE readable AND relkind = 'r' AND row_security_active(oid)
  UNION ALL SELECT DISTINCT 'owner', r.rolname FROM own JOIN pg_roles AS r ON r.oid = own.owner, me
    WHERE $1 AND NOT me.rolsuper AND r.oid <> me.oid
      AND (NOT pg_has_role(r.oid, 'MEMBER') OR NOT (r.rolsuper OR coalesce(pg_has_role(r.oid, own.above, 'USAGE'), true)))
  UNION ALL SELECT 'extension', extname FROM pg_extension AS e
    JOIN pg_available_extension_versions AS v ON v.name = e.extname AND v.version = e.extversion
    WHERE $1 AND v.superuser AND NOT v.trusted AND NOT (SELECT rolsuper FROM me)
  ORDER BY 1, 2`;

/** Why no database can be made that belongs to main's owner, and what to do. */
export interface NoDatabase {
  readonly why: string;
  readonly next: string;
}

/** Undefined where one can. */
export async function whyNoDatabase(session: Session, database: string | undefined): Promise<NoDatabase | undefined> {
  const [role] = await session.query(
    `SELECT rolcreatedb OR rolsuper AS may, rolname AS name, pg_is_in_recovery() AS standby, o.owner,
       coalesce(pg_has_role(o.owner, 'MEMBER'), true) AS member
     FROM pg_roles LEFT JOIN (SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = $1) AS o ON true
     WHERE rolname = current_user`,
    [database],
  );
  if (role?.['standby'] === true) {
    return {
      why: 'the server is a read-only standby, where no database can be made',
      next: 'This server is a read-only standby: use the address of the primary.',
    };
  }
  const elsewhere = 'or take the provider dump, with a branchServer where another role may';
  if (role?.['may'] !== true) {
    const why = `the role ${String(role?.['name'])} may not create databases (CREATEDB)`;
    return { why, next: `ALTER ROLE … CREATEDB; ${elsewhere}.` };
  }
  if (role['member'] === true) return undefined;
  const why = `the role ${String(role['name'])} is no member of ${String(role['owner'])}, who owns the database`;
  return { why, next: `GRANT … TO …; ${elsewhere}.` };
}
