import { existsSync } from 'node:fs';
import { ForerunError } from '../../error.ts';

/** An address, taken apart. Programs that are given `prefix` and `query` expect to get both again. */
export interface Address {
  /** `sqlite:`, `file:`, either with `//`, or nothing. */
  readonly prefix: string;
  /** As the file system knows it; may be relative. */
  readonly path: string;
  /** From its `?` on. */
  readonly query: string;
}

/**
 * Takes apart `sqlite:path`, `sqlite://path`, a `file:` URI (percent-encoded, with parameters) or a bare path. Where a
 * file has exactly the name that is written, that name is meant: `?`, `%` and `#` are then part of it.
 */
export function parseAddress(address: string): Address {
  const [, prefix = '', rest = ''] = /^((?:sqlite|file):(?:\/\/)?)?(.*)$/s.exec(address) ?? [];
  if (prefix === '') refuseOtherScheme(address);
  if (prefix === '' || existsSync(rest)) return { prefix, path: rest, query: '' };
  if (!prefix.startsWith('file:')) {
    const path = rest.replace(/\?[A-Za-z_][\w-]*=.*$/s, '');
    return { prefix, path, query: rest.slice(path.length) };
  }
  const [before = '', query = ''] = rest.replace(/#.*$/s, '').split(/(\?.*)/s, 2);
  const path = before.replace(/^localhost(?=\/)/, '');
  if (prefix === 'file://' && !path.startsWith('/'))
    throw bad(`${prefix}${before}`, 'A file: address names no file of this machine');
  return { prefix, path: decoded(path), query };
}

/** Puts an address together that has the same form as `like`. */
export function addressLike(like: string, path: string): string {
  const { prefix, query } = parseAddress(like);
  return `${prefix}${prefix.startsWith('file:') ? path.replace(/[%?#]/g, encodeURIComponent) : path}${query}`;
}

/** What the parameters of an address ask for that Forerun cannot give: main must be a file that can be written. */
export function refusedParameter(query: string): string | undefined {
  const parameters = new URLSearchParams(query);
  const mode = parameters.get('mode');
  if (mode === 'ro' || mode === 'memory') return `mode=${mode}`;
  return ['1', 'on', 'yes', 'true'].includes(parameters.get('immutable') ?? '') ? 'immutable' : undefined;
}

function refuseOtherScheme(address: string): void {
  const scheme = /^([A-Za-z][A-Za-z\d+.-]*):\/\//.exec(address)?.[1];
  // The rest may hold a password.
  if (scheme !== undefined) throw bad(`${scheme}://`, `An address that begins with ${scheme}:// is no SQLite database`);
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function bad(target: string, message: string): ForerunError<'BAD_TARGET'> {
  return new ForerunError('BAD_TARGET', `${message}.`, {
    details: { target },
    next: 'Give the path of a database file, for example --database app.db.',
  });
}
