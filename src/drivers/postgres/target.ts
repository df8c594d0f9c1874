import { isKeywords } from '../../address-form.ts';
import { ForerunError, isForerunError } from '../../error.ts';
import { addressOf } from '../../providers/postgres/address.ts';
import type { Target } from '../../seams/target.ts';

/** Reads `postgres://…` and `postgresql://…`, as libpq and pg do. The password stands in `variable` alone. */
export function postgresTarget(address: string): Target {
  const parts = partsOf(address);
  if (parts === undefined) throw notOurs(address);
  const { userAndHost: url, host, database, params } = parts;
  const query = params.toString().replaceAll('+', '%20');
  refuseUnreached(host, database, params, schemeOf(address));
  return {
    url: `postgres://${url}/${encodeURIComponent(database)}${query === '' ? '' : `?${query}`}`,
    variable: address,
  };
}

interface Parts {
  readonly userAndHost: string;
  readonly host: string;
  readonly database: string;
  readonly params: URLSearchParams;
}

const secrets = ['password', 'sslpassword'];

function partsOf(address: string): Parts | undefined {
  try {
    const { authority, database, params } = addressOf({ url: schemeOf(address), variable: address });
    for (const secret of secrets) params.delete(secret);
    // A password may hold an `@` that nobody escaped.
    const at = authority.lastIndexOf('@');
    const user = authority.slice(0, Math.max(at, 0)).replace(/:.*$/s, '');
    const host = authority.slice(at + 1);
    return { userAndHost: `${user === '' ? '' : `${user}@`}${host}`, host, database, params };
  } catch (error) {
    if (error instanceof URIError || isForerunError(error, 'BAD_TARGET')) return undefined;
    throw error;
  }
}

/** What pg does not read as it is meant, so that it would come to another database, or to none. */
function refuseUnreached(host: string, database: string, params: URLSearchParams, scheme: string): void {
  const refuse = (what: string, next: string): never => {
    throw new ForerunError('BAD_TARGET', `The address (${scheme}…) ${what}.`, { details: { target: scheme }, next });
  };
  if (host.includes(',') || params.get('host')?.includes(',')) {
    refuse('names several hosts, and pg connects to one', "Give the primary's own address alone.");
  }
  for (const name of ['service', 'hostaddr']) {
    if (params.has(name)) {
      refuse(`names a ${name}, which pg does not read`, 'Write host, port, user and database into the address.');
    }
  }
  const port = params.get('port') ?? /:([^\]]*)$/.exec(host)?.[1] ?? '';
  if (port !== '' && (!/^\d+$/.test(port) || Number(port) < 1 || Number(port) > 65_535)) {
    refuse(
      'has no port number between 1 and 65535 behind its host',
      'Check the port; what is special in a name or a password is percent-encoded.',
    );
  }
  if (database === '') {
    refuse('names no database', 'Name it behind the host: postgres://user@host:5432/database');
  }
}

/** Of an address that cannot be read, any other part may be a password. */
function schemeOf(address: string): string {
  return /^[a-z][a-z\d+.-]*:(?:\/\/)?/i.exec(address)?.[0] ?? '';
}

function notOurs(address: string): ForerunError<'BAD_TARGET'> {
  const scheme = schemeOf(address);
  const what = isKeywords(address)
    ? 'An address in keywords (host=… dbname=…) is not read'
    : `An address that begins with ${scheme === '' ? 'no scheme' : scheme} is no PostgreSQL database, or cannot be read`;
  return new ForerunError('BAD_TARGET', `${what}.`, {
    details: { target: scheme },
    next: 'Give it as postgres://user@host:5432/database; what is special in a name or a password is percent-encoded.',
  });
}
