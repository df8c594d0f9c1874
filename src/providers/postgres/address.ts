import { ForerunError } from '../../error.ts';
import type { Target } from '../../seams/target.ts';

/** An address in libpq's URI form, taken apart. `new URL` does not take `postgres://user@/name?host=/folder`. */
export interface Address {
  readonly scheme: string;
  /** `user:password@host:port`, as it was written. */
  readonly authority: string;
  readonly database: string;
  readonly params: URLSearchParams;
}

/** Of `target.variable`, which has the password. */
export function addressOf(target: Target): Address {
  const found = /^(postgres(?:ql)?):\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/i.exec(target.variable);
  // An `@` behind the first slash means that a password holds a slash: what would be taken for the name is a part of it.
  if (found === null || (!found[2]?.includes('@') && found[3]?.includes('@'))) {
    throw new ForerunError('BAD_TARGET', `${target.url} is no address of a PostgreSQL database.`, {
      details: { target: target.url },
      next: 'Give it as postgres://user@host:5432/database; what is special in a name or a password is percent-encoded.',
    });
  }
  const [, scheme = '', authority = '', path = '', query = ''] = found;
  const params = new URLSearchParams(query);
  const database = decodeURIComponent(path) || (params.get('dbname') ?? userOf(authority) ?? params.get('user') ?? '');
  params.delete('dbname');
  return { scheme, authority, database, params };
}

export function databaseOf(target: Target): string {
  return addressOf(target).database;
}

/** Another database of the same server, reached in the same way. */
export function targetBeside(target: Target, database: string): Target {
  const address = { ...addressOf(target), database };
  return { url: withoutPassword(address), variable: urlOf(address) };
}

/** The same database of a copy of the server, which a local port leads to. What encrypts the way there is not the server's. */
export function targetAtPort(target: Target, port: number): Target {
  const { authority, params, ...rest } = addressOf(target);
  const kept = [...params].filter(
    ([name]) => !/^(?:host|hostaddr|port|uselibpqcompat|ssl.*|channel_binding)$/.test(name),
  );
  const credentials = authority.slice(0, authority.lastIndexOf('@') + 1);
  const address = { ...rest, authority: `${credentials}127.0.0.1:${port}`, params: new URLSearchParams(kept) };
  return { url: withoutPassword(address), variable: urlOf(address) };
}

/** What pg is to be given. It takes the name of a database from the path alone, and leaves `%2F` in it as it is. */
export function clientAddress(target: Target): { readonly connectionString: string; readonly database: string } {
  const { params, ...address } = addressOf(target);
  const mode = params.get('sslmode') ?? '';
  const verified = ['prefer', 'require', 'verify-ca'].includes(mode) && !params.has('uselibpqcompat');
  // To pg these mean this one, and it says so at length.
  if (verified) params.set('sslmode', 'verify-full');
  const connectionString = verified ? urlOf({ ...address, params }) : target.variable;
  return { connectionString, database: address.database };
}

/** Where a session is, by whatever defaults its client has. */
export interface Place {
  readonly host: string;
  readonly port: number;
  readonly user: string;
}

/** What `pg_dump` and its like take, without a password, and the environment that has it. */
export interface ProgramAddress {
  readonly url: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Of the database that pg comes to: other programs have other defaults, and look up services and more. */
export function programAddress(target: Target, { host, port, user }: Place): ProgramAddress {
  const address = addressOf(target);
  const password = passwordOf(address);
  const params = new URLSearchParams([...address.params].filter(([name]) => libpqParams.has(name)));
  // A word of the client library for Node, which means the same.
  if (params.get('sslmode') === 'no-verify') params.set('sslmode', 'require');
  params.set('host', host);
  params.set('port', String(port));
  return {
    url: urlOf({ ...address, scheme: 'postgres', authority: `${encodeURIComponent(user)}@`, params }),
    env: {
      PGHOSTADDR: undefined,
      PGSERVICE: undefined,
      ...(password === undefined ? {} : { PGPASSWORD: password }),
    },
  };
}

export function withoutPassword(address: Address): string {
  const params = new URLSearchParams(address.params);
  params.delete('password');
  const { user, host } = partsOf(address.authority);
  return urlOf({ ...address, authority: `${user === '' ? '' : `${user}@`}${host}`, params });
}

function urlOf({ scheme, authority, database, params }: Address): string {
  const query = params.toString().replaceAll('+', '%20');
  return `${scheme}://${authority}/${encodeURIComponent(database)}${query === '' ? '' : `?${query}`}`;
}

function userOf(authority: string): string | undefined {
  const { user } = partsOf(authority);
  return user === '' ? undefined : decodeURIComponent(user);
}

function passwordOf({ authority, params }: Address): string | undefined {
  const { password } = partsOf(authority);
  return password === undefined ? (params.get('password') ?? undefined) : decodeURIComponent(password);
}

/** As they were written. A password may hold an `@` that nobody escaped, so that the last one counts. */
function partsOf(authority: string): { readonly user: string; readonly password?: string; readonly host: string } {
  const at = authority.lastIndexOf('@');
  const credentials = authority.slice(0, Math.max(at, 0));
  const colon = credentials.indexOf(':');
  const host = authority.slice(at + 1);
  if (colon < 0) return { user: credentials, host };
  return { user: credentials.slice(0, colon), password: credentials.slice(colon + 1), host };
}

/** libpq refuses an address with any other: `schema`, `pool_timeout` and the like are other programs'. */
const libpqParams: ReadonlySet<string> = new Set(
  `passfile require_auth channel_binding connect_timeout client_encoding options
  application_name keepalives keepalives_idle keepalives_interval keepalives_count tcp_user_timeout gssencmode sslmode
  sslcompression sslcert sslkey sslcertmode sslrootcert sslcrl sslcrldir sslsni requirepeer ssl_min_protocol_version
  ssl_max_protocol_version krbsrvname gsslib`.split(/\s+/),
);
