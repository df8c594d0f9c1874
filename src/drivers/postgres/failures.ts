import { ForerunError, messageOf } from '../../error.ts';
import type { Target } from '../../seams/target.ts';

/** PostgreSQL's own code of an error (`23505`), or Node's (`ECONNREFUSED`). */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** PostgreSQL's own code alone. */
export function stateOf(error: unknown): string | undefined {
  const code = codeOf(error);
  if (code === undefined || !/^[0-9A-Z]{5}$/.test(code)) return undefined;
  // EPIPE has five letters too.
  return /\d/.test(code) || (error instanceof Error && 'severity' in error) ? code : undefined;
}

/** Takes out of an error of PostgreSQL's what holds values: DETAIL, HINT, CONTEXT, and a query that a function made. */
export function bare(error: unknown): unknown {
  if (!(error instanceof Error) || stateOf(error) === undefined) return error;
  const found = error as Error & Record<string, unknown>;
  if (found['where'] !== undefined || found['internalQuery'] !== undefined) nested.add(error);
  for (const name of ['detail', 'hint', 'where', 'internalQuery', 'internalPosition']) delete found[name];
  return error;
}

/** Whether an error came from within a function, so that its message can be about SQL that was put together there. */
export function isNested(error: Error): boolean {
  return nested.has(error) || ('where' in error && error.where !== undefined);
}

const nested = new WeakSet<Error>();

/** Whether the server or the network ended the session, and the server has not said what became of the statement. */
export function isCut(error: unknown): boolean {
  const state = stateOf(error);
  if (state !== undefined) return /^(?:08|57P0)/.test(state);
  const words = error instanceof Error ? error.message : '';
  return /^E[A-Z]+$/.test(codeOf(error) ?? '') || /connection (?:terminated|error|ended)|not queryable/i.test(words);
}

/** Why a database cannot be reached, and what to do about it. An error of ours stays as it is. */
export function unusable(target: Target, error: unknown): ForerunError {
  if (error instanceof ForerunError) return error;
  const code = codeOf(error);
  // It has the whole address in it.
  if (code === 'ERR_INVALID_URL' || error instanceof URIError) return unreadable(target);
  const [why, next, reached = true] = reasonOf(code, bareMessage(error), isCut(error));
  return new ForerunError(reached ? 'BAD_TARGET' : 'UNREACHABLE', `${target.url} cannot be used: ${why}.`, {
    details: { target: target.url },
    next,
    cause: bare(error),
  });
}

/** What is to be thrown for an error of a session that was connected: that it is lost is no answer to its query. */
export function lossOr(target: Target, error: unknown): unknown {
  if (error instanceof ForerunError || !isCut(error)) return bare(error);
  return new ForerunError('UNREACHABLE', `The connection to ${target.url} was lost: ${wordsOfCut(error)}.`, {
    details: { target: target.url },
    next: 'See that the server is well, then run again.',
    cause: bare(error),
  });
}

/** The words of an error by which a session was lost, without a full stop, and its code where that tells more. */
export function wordsOfCut(error: unknown): string {
  const code = stateOf(error);
  return `${bareMessage(error)}${code === undefined ? '' : ` (${code})`}`;
}

function unreadable({ url }: Target): ForerunError<'BAD_TARGET'> {
  return new ForerunError('BAD_TARGET', `${url} cannot be read as an address.`, {
    details: { target: url },
    next: 'Give it as postgres://user@host:5432/database; what is special in a name or a password is percent-encoded.',
  });
}

function bareMessage(error: unknown): string {
  // Several addresses of one host were tried.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return messageOf(first).replace(/\.$/, '');
}

const rights = 'Check user and password of the address, and what pg_hba.conf of the server says.';
const network = 'Check host and port of the address, and that the server is running and can be reached from here.';

type Reason = readonly [why: string, next: string, reached?: false];

function reasonOf(code: string | undefined, message: string, cut: boolean): Reason {
  if (/client password must be a string/i.test(message)) {
    return [
      'the server asks for a password, and none was given',
      'Give it in the address, in PGPASSWORD or in ~/.pgpass.',
    ];
  }
  if (code === '28P01' || code === '28000') return [message, rights];
  if (code === '3D000') return [message, 'Check the name, or make the database: createdb <name>'];
  if (code === '42501') return [message, 'Grant the role of the address CONNECT on the database.'];
  if (code === '53300') {
    return [message, 'Let other programs end their connections, or raise max_connections.', false];
  }
  if (code === '57P03') return [message, 'Wait until the server has started, then run again.', false];
  if (code === '55000') return [message, closed];
  if (/certificate|self.signed/i.test(message)) {
    return [
      message,
      'To pg, sslmode=require verifies it too: name its authority (sslrootcert=…), or say sslmode=no-verify.',
    ];
  }
  if (/\bssl\b/i.test(message)) {
    return [
      message,
      'To pg, every sslmode but disable asks for TLS: say sslmode=disable, or have the server offer it.',
    ];
  }
  if (/^ENOENT.* open /.test(message)) return [message, 'Check the files that the address names (sslrootcert, …).'];
  if (cut || (code === undefined ? /timeout/i.test(message) : /^E[A-Z_]+$/.test(code)))
    return [message, network, false];
  return [message, 'Check the address, and what the server says of it: psql <address>'];
}

/** It may be an old main that its applications have left: opened again, there would be two. */
const closed =
  'Find out who closed it, and why: "forerun up --safe" says so where another server has taken over from it. Else: ALTER DATABASE … ALLOW_CONNECTIONS true';
