import { quoteIdentifier } from '../../drivers/postgres/names.ts';
import type { Session } from '../../seams/driver.ts';
import { ForerunError } from '../../error.ts';
import { quoteLiteral, settingValue } from './quote.ts';

/** What belongs to a database and `CREATE DATABASE … TEMPLATE` leaves behind. Part of a stored format. */
export interface Attributes {
  readonly owner: string;
  readonly connectionLimit: number;
  readonly comment: string | null;
  /** Absent where the rights are those that every new database has. An empty grantee is PUBLIC. */
  readonly grants: readonly Grant[] | null;
  readonly settings: readonly Setting[];
}

export interface Grant {
  readonly to: string;
  readonly privilege: string;
  readonly grantable: boolean;
}

export interface Setting {
  /** An empty role is everybody. */
  readonly role: string;
  readonly name: string;
  readonly value: string;
}

/** Throws `BAD_TARGET` where there is no such database. */
export async function readAttributes(session: Session, database: string): Promise<Attributes> {
  const [row] = await session.query(select, [database]);
  if (row !== undefined) return row['attributes'] as Attributes;
  throw new ForerunError('BAD_TARGET', `There is no database "${database}" on this server.`, {
    details: { target: database },
    next: 'Check the name of the database in the address.',
  });
}

const select = `
  SELECT json_build_object(
    'owner', pg_get_userbyid(d.datdba),
    'connectionLimit', d.datconnlimit,
    'comment', shobj_description(d.oid, 'pg_database'),
    'grants', CASE WHEN d.datacl IS NOT NULL THEN (
      SELECT coalesce(json_agg(json_build_object('to', coalesce(g.rolname, ''), 'privilege', a.privilege_type,
        'grantable', a.is_grantable) ORDER BY g.rolname, a.privilege_type), '[]')
      FROM aclexplode(d.datacl) a LEFT JOIN pg_roles g ON g.oid = a.grantee
      WHERE a.grantee = 0 OR g.oid IS NOT NULL) END,
    'settings', (
      SELECT coalesce(json_agg(json_build_object('role', coalesce(r.rolname, ''), 'name', split_part(c, '=', 1),
        'value', substr(c, strpos(c, '=') + 1)) ORDER BY r.rolname, place), '[]')
      FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole, unnest(s.setconfig) WITH ORDINALITY c (c, place)
      WHERE s.setdatabase = d.oid)) AS attributes
  FROM pg_database d WHERE d.datname = $1`;

/** Statements that give a new database, made with the owner and the connection limit, all the rest. */
export function attributeStatements(database: string, { owner, grants, settings }: Attributes): readonly string[] {
  const name = quoteIdentifier(database);
  const granting = (grants ?? []).map(
    ({ to, privilege, grantable }) =>
      `GRANT ${privilege} ON DATABASE ${name} TO ${grantee(to)}${grantable ? ' WITH GRANT OPTION' : ''}`,
  );
  return [
    ...settings.map((setting) => settingStatement(name, setting)),
    ...(grants === null ? [] : [...ownersAlone(name, owner), ...granting]),
  ];
}

/**
 * A checkpoint can be looked at, and nobody writes it by accident: only its owner may connect, and finds it read-only.
 * It has the settings of its source, since a search path is part of what is seen.
 */
export function checkpointStatements(database: string, { owner, settings }: Attributes): readonly string[] {
  const name = quoteIdentifier(database);
  return [
    ...settings.filter((setting) => setting.name !== readOnly).map((setting) => settingStatement(name, setting)),
    `ALTER DATABASE ${name} SET ${readOnly} TO 'on'`,
    ...ownersAlone(name, owner),
    `GRANT CONNECT ON DATABASE ${name} TO ${quoteIdentifier(owner)}`,
  ];
}

const readOnly = 'default_transaction_read_only';

function ownersAlone(name: string, owner: string): readonly string[] {
  return [`REVOKE ALL ON DATABASE ${name} FROM PUBLIC, ${quoteIdentifier(owner)}`];
}

function settingStatement(name: string, { role, name: setting, value }: Setting): string {
  const whose = role === '' ? `DATABASE ${name}` : `ROLE ${quoteIdentifier(role)} IN DATABASE ${name}`;
  // Names of settings are words with dots, and a part may need quotes.
  const path = setting.split('.').map(quoteIdentifier).join('.');
  return `ALTER ${whose} SET ${path} TO ${settingValue(setting, value)}`;
}

function grantee(role: string): string {
  return role === '' ? 'PUBLIC' : quoteIdentifier(role);
}

export function commentStatement(database: string, comment: string | null): string {
  return `COMMENT ON DATABASE ${quoteIdentifier(database)} IS ${comment === null ? 'NULL' : quoteLiteral(comment)}`;
}
