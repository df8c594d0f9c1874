import { isAbsolute, resolve } from 'node:path';
import { ForerunError } from '../../src/error.ts';
import type { KnexConfig } from './config.ts';
import { engineOf } from './engine.ts';

/** The address of the database that a configuration connects to; undefined where it names none. May hold a password. */
export async function addressIn(config: KnexConfig, base: string, where: string): Promise<string | undefined> {
  const engine = engineOf(config, where);
  const { connection: given } = config;
  const connection: unknown = await (typeof given === 'function' ? (given as () => unknown)() : given);
  if (connection === undefined || connection === null) return undefined;
  return engine === 'sqlite' ? fileIn(connection, base, where) : serverIn(connection, where);
}

function fileIn(connection: unknown, base: string, where: string): string {
  const filename: unknown = typeof connection === 'string' ? connection : memberOf(connection, 'filename');
  if (typeof filename !== 'string' || filename === '' || filename === ':memory:') {
    throw new ForerunError('CONFIG', `${where} names no file of a database (${String(filename)}).`, {
      details: { keys: ['connection'] },
      next: 'What is kept in memory cannot be branched; give connection: { filename }.',
    });
  }
  const path = filename.replace(/^(?:sqlite3?|file):(?:\/\/)?/, '');
  return isAbsolute(path) ? path : resolve(base, path);
}

async function serverIn(connection: unknown, where: string): Promise<string> {
  if (typeof connection === 'string') return connection;
  const text = (name: string): string | undefined => {
    const value = memberOf(connection, name);
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  };
  const whole = text('connectionString');
  if (whole !== undefined) return whole;
  const user = text('user') ?? process.env['PGUSER'];
  const password = memberOf(connection, 'password');
  const secret: unknown = await (typeof password === 'function' ? (password as () => unknown)() : password);
  const host = text('host') ?? process.env['PGHOST'] ?? 'localhost';
  const port = text('port') ?? process.env['PGPORT'];
  const database = text('database') ?? process.env['PGDATABASE'] ?? user ?? '';
  const name = user === undefined ? '' : encodeURIComponent(user);
  const who = typeof secret === 'string' && secret !== '' ? `${name}:${encodeURIComponent(secret)}@` : `${name}@`;
  const isSocket = host.startsWith('/');
  const params = new URLSearchParams({
    ...(isSocket ? { host, ...(port === undefined ? {} : { port }) } : {}),
    ...encryption(memberOf(connection, 'ssl'), where),
  });
  const place = isSocket ? '' : `${host.includes(':') ? `[${host}]` : host}${port === undefined ? '' : `:${port}`}`;
  const query = params.toString();
  return `postgres://${who === '@' ? '' : who}${place}/${encodeURIComponent(database)}${query === '' ? '' : `?${query}`}`;
}

function encryption(ssl: unknown, where: string): Record<string, string> {
  if (ssl === undefined || ssl === null || ssl === false) return {};
  if (ssl === true) return { sslmode: 'verify-full' };
  const members = Object.keys(ssl);
  if (members.every((name) => name === 'rejectUnauthorized')) {
    return { sslmode: memberOf(ssl, 'rejectUnauthorized') === false ? 'no-verify' : 'verify-full' };
  }
  throw new ForerunError(
    'CONFIG',
    `${where} encrypts its connection in a way that no address can say (ssl: ${members.join(', ')}).`,
    {
      details: { keys: ['connection.ssl'] },
      next: 'Give `database` in the configuration of Forerun, with sslmode, sslrootcert, sslcert and sslkey in it.',
    },
  );
}

/** Knex hides a password from whoever lists the members. */
function memberOf(object: unknown, name: string): unknown {
  return typeof object === 'object' && object !== null ? (object as Record<string, unknown>)[name] : undefined;
}
