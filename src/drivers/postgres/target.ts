import { ForerunError, isForerunError } from '../../error.ts';
import { addressOf } from '../../providers/postgres/address.ts';
import type { Target } from '../../seams/target.ts';

/** Reads `postgres://…` and `postgresql://…`, as libpq and pg do. The password stands in `variable` alone. */
export function postgresTarget(address: string): Target {
  const url = withoutSecrets(address);
  if (url === undefined) throw notOurs(address);
  return { url, variable: address };
}

const secrets = ['password', 'sslpassword'];

function withoutSecrets(address: string): string | undefined {
  try {
    const { authority, database, params } = addressOf({ url: schemeOf(address), variable: address });
    for (const secret of secrets) params.delete(secret);
    // A password may hold an `@` that nobody escaped.
    const at = authority.lastIndexOf('@');
    const user = authority.slice(0, Math.max(at, 0)).replace(/:.*$/s, '');
    const host = authority.slice(at + 1);
    const query = params.toString().replaceAll('+', '%20');
    return `postgres://${user === '' ? '' : `${user}@`}${host}/${encodeURIComponent(database)}${query === '' ? '' : `?${query}`}`;
  } catch (error) {
    if (error instanceof URIError || isForerunError(error, 'BAD_TARGET')) return undefined;
    throw error;
  }
}

/** Of an address that cannot be read, any other part may be a password. */
function schemeOf(address: string): string {
  return /^[a-z][a-z\d+.-]*:(?:\/\/)?/i.exec(address)?.[0] ?? '';
}

function notOurs(address: string): ForerunError<'BAD_TARGET'> {
  const scheme = schemeOf(address);
  const keywords = /^\s*(?:host|hostaddr|port|dbname|user|password|service)\s*=/.test(address);
  const what = keywords
    ? 'An address in keywords (host=… dbname=…) is not read'
    : `An address that begins with ${scheme === '' ? 'no scheme' : scheme} is no PostgreSQL database, or cannot be read`;
  return new ForerunError('BAD_TARGET', `${what}.`, {
    details: { target: scheme },
    next: 'Give it as postgres://user@host:5432/database; what is special in a name or a password is percent-encoded.',
  });
}
