import type { Session } from '../../seams/driver.ts';
import { underFixedSettings } from './settings.ts';

/** Kinds of objects that exist in the database and that `postgresSchema` leaves out, each with how many there are. */
export async function notCompared(session: Session): Promise<readonly string[]> {
  const counts = kinds.map(({ one, many, from, of = 'oid' }) => {
    const users = `c.oid >= 16384 AND NOT EXISTS (SELECT FROM members WHERE members.classid = c.tableoid AND members.objid = c.oid)`;
    return `SELECT '${one}' AS one, '${many}' AS many, count(*)::int AS n FROM pg_catalog.${from} AS c WHERE ${of === 'oid' ? users : of}`;
  });
  const rows = await underFixedSettings(session, () =>
    session.query(`
      WITH members AS MATERIALIZED (SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype IN ('e', 'i'))
      SELECT one, many, n FROM (${counts.join(' UNION ALL ')}) AS counted WHERE n > 0`),
  );
  return rows.map(({ one, many, n }) => `${Number(n)} ${String(Number(n) === 1 ? one : many)}`);
}

interface Kind {
  readonly one: string;
  readonly many: string;
  /** A catalog. */
  readonly from: string;
  /** Which of its rows count. @default those of objects that neither the cluster nor an extension came with */
  readonly of?: string;
}

/** What hangs on a database, and not on the whole cluster. */
const thisDatabase = '(SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())';

const kinds: readonly Kind[] = [
  { one: 'publication', many: 'publications', from: 'pg_publication' },
  { one: 'subscription', many: 'subscriptions', from: 'pg_subscription', of: `c.subdbid = ${thisDatabase}` },
  { one: 'foreign-data wrapper', many: 'foreign-data wrappers', from: 'pg_foreign_data_wrapper' },
  { one: 'foreign server', many: 'foreign servers', from: 'pg_foreign_server' },
  { one: 'user mapping', many: 'user mappings', from: 'pg_user_mappings', of: 'true' },
  { one: 'language', many: 'languages', from: 'pg_language' },
  { one: 'cast', many: 'casts', from: 'pg_cast' },
  { one: 'operator', many: 'operators', from: 'pg_operator' },
  { one: 'operator class', many: 'operator classes', from: 'pg_opclass' },
  { one: 'operator family', many: 'operator families', from: 'pg_opfamily' },
  { one: 'access method', many: 'access methods', from: 'pg_am' },
  { one: 'conversion', many: 'conversions', from: 'pg_conversion' },
  { one: 'transform', many: 'transforms', from: 'pg_transform' },
  { one: 'text search configuration', many: 'text search configurations', from: 'pg_ts_config' },
  { one: 'text search dictionary', many: 'text search dictionaries', from: 'pg_ts_dict' },
  { one: 'text search parser', many: 'text search parsers', from: 'pg_ts_parser' },
  { one: 'text search template', many: 'text search templates', from: 'pg_ts_template' },
  { one: 'large object', many: 'large objects', from: 'pg_largeobject_metadata', of: 'true' },
  { one: 'security label', many: 'security labels', from: 'pg_seclabel', of: 'true' },
  {
    one: 'dependency on an extension (DEPENDS ON EXTENSION)',
    many: 'dependencies on extensions (DEPENDS ON EXTENSION)',
    from: 'pg_depend',
    of: `c.deptype = 'x'`,
  },
  {
    one: 'setting of the database (ALTER DATABASE … SET)',
    many: 'settings of the database (ALTER DATABASE … SET)',
    from: 'pg_db_role_setting',
    of: `c.setdatabase = ${thisDatabase}`,
  },
];
