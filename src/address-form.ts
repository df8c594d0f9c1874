/**
 * Whether an address is one of a server or of a form that nobody reads, rather than the path of a file: a scheme of two
 * letters or more, or keywords as libpq takes them. What is no path must not be looked for, or shown, as one.
 */
export function isNoPath(address: string): boolean {
  return (/^[a-z][\w+.-]+:/i.test(address) && !/^(?:sqlite|file):/i.test(address)) || isKeywords(address);
}

/** `host=… dbname=…`, which libpq's programs take. */
export function isKeywords(address: string): boolean {
  return /^\s*(?:host|hostaddr|port|dbname|user|password|passfile|service|sslmode)\s*=/.test(address);
}

/** The address with what may be a password taken out, wherever one can stand: for a command that is shown. */
export function withoutSecrets(address: string): string {
  const [, base = '', query = ''] = /^([^?]*)\??(.*)$/s.exec(address) ?? [];
  // A password may hold an `@`, a `/` and a `?` that nobody escaped.
  if (/^[a-z][\w+.-]*:\/\/[^@/]*:[^@/]*$/i.test(base) && query.includes('@'))
    return address.replace(credentials, '$1@');
  const params = query
    .split('&')
    .filter((param) => param !== '' && !/^[^=]*(?:password|token|secret)[^=]*=/i.test(param));
  return `${base.replace(credentials, '$1@')}${params.length === 0 ? '' : `?${params.join('&')}`}`;
}

const credentials = /^([a-z][\w+.-]*:\/\/[^:@/]*):.*@/is;
