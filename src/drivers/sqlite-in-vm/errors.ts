import { ForerunError, isForerunError, messageOf, type ErrorCode } from '../../error.ts';
import { codeOf } from '../sqlite/busy.ts';
import { decode, encode } from './wire.ts';

/** An error on its way to the other process. */
export interface SentError {
  /** One that came from there, and goes back: it is the same again. */
  readonly back?: number;
  /** By which it can come back. */
  readonly mark?: number;
  readonly ours?: boolean;
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
  readonly details?: unknown;
  readonly next?: string;
  /** What may be shown of it, where that was asked for at once. */
  readonly words?: string;
  readonly cause?: SentError;
  readonly errors?: readonly SentError[];
}

/** The errors that went to one other process, or came from it. */
export interface Errors {
  encode(error: unknown): SentError;
  decode(sent: SentError): unknown;
}

const shown = new WeakMap<object, string>();

/** Says with an error what may be shown of it: only the process that has the database open can tell. */
export function sayWords(error: unknown, words: string): void {
  if (error instanceof Error) shown.set(error, words);
}

/** What was said with an error, there or here. */
export function wordsSaid(error: unknown): string | undefined {
  return error instanceof Error ? shown.get(error) : undefined;
}

export function makeErrors(): Errors {
  const gone = new Map<number, unknown>();
  const came = new WeakMap<object, number>();
  const encodeOne = (error: unknown): SentError => {
    const known = typeof error === 'object' && error !== null ? came.get(error) : undefined;
    if (known !== undefined) return { back: known };
    const mark = gone.size + 1;
    gone.set(mark, error);
    const words = wordsSaid(error);
    return {
      mark,
      ...(isForerunError(error)
        ? { ours: true, details: encode(error.details), ...(error.next === undefined ? {} : { next: error.next }) }
        : {}),
      name: error instanceof Error ? error.name : 'Error',
      message: messageOf(error),
      ...(codeOf(error) === undefined ? {} : { code: codeOf(error) as string }),
      ...(words === undefined ? {} : { words }),
      ...(error instanceof Error && error.cause !== undefined ? { cause: encodeOne(error.cause) } : {}),
      ...(error instanceof AggregateError ? { errors: error.errors.map(encodeOne) } : {}),
    };
  };
  const decodeOne = (sent: SentError): unknown => {
    if (sent.back !== undefined) return gone.get(sent.back);
    const error = rebuilt(sent, decodeOne);
    if (sent.mark !== undefined) came.set(error, sent.mark);
    if (sent.words !== undefined) sayWords(error, sent.words);
    return error;
  };
  return { encode: encodeOne, decode: decodeOne };
}

function rebuilt(sent: SentError, decodeOne: (sent: SentError) => unknown): Error {
  const { ours, name = 'Error', message = '', code, next, errors } = sent;
  const cause = sent.cause === undefined ? {} : { cause: decodeOne(sent.cause) };
  if (ours === true) {
    const details = decode(sent.details) as ForerunError['details'];
    return new ForerunError(code as ErrorCode, message, { details, ...(next === undefined ? {} : { next }), ...cause });
  }
  if (errors !== undefined) return new AggregateError(errors.map(decodeOne), message, cause);
  if (name === 'AbortError') return new DOMException(message, name);
  return Object.assign(new Error(message, cause), { name }, code === undefined ? {} : { code });
}
