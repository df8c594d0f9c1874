import type { Connection } from '../../seams/driver.ts';
import type { Attempt } from '../../seams/source.ts';
import { connectionOf } from './connection.ts';
import type { SentAttempt } from './serve-attempt.ts';
import type { Link } from './link.ts';
import type { Called, Tokens } from './tokens.ts';

/**
 * Runs an attempt in a VM: its steps are taken here, on a connection that is open there. Once it is aborted nothing more is
 * told, and its last step refuses, so that nothing of it is committed.
 */
export async function attemptIn(
  link: Link,
  tokens: Tokens,
  attempt: Attempt,
  act: (sent: SentAttempt) => Promise<unknown>,
  body?: (connection: Connection) => Promise<void>,
): Promise<void> {
  const { signal } = attempt;
  const on = (id: number): Connection => connectionOf({ link, id });
  const token = tokens.put({
    prepare: async (id) => attempt.prepare?.(on(id)),
    afterBegin: async (id) => attempt.afterBegin(on(id)),
    body: async (id) => body?.(on(id)),
    async beforeCommit(id) {
      signal.throwIfAborted();
      await attempt.beforeCommit(on(id));
    },
    statement(evidence) {
      if (!signal.aborted) attempt.statement?.(evidence);
    },
    note: (message) => attempt.note(message),
    waiting: (message) => attempt.waiting?.(message),
  });
  const { alone, repeatable = false, prepare, statement } = attempt;
  await whileHeard(link, tokens, token, signal, () =>
    act({ token, alone, repeatable, prepares: prepare !== undefined, states: statement !== undefined }),
  );
}

/** The same for anything that ends early where a signal says so. */
export async function heardIn<T>(
  link: Link,
  tokens: Tokens,
  signal: AbortSignal,
  called: Called,
  act: (token: number) => Promise<T>,
): Promise<T> {
  const token = tokens.put(called);
  return whileHeard(link, tokens, token, signal, () => act(token));
}

async function whileHeard<T>(
  link: Link,
  tokens: Tokens,
  token: number,
  signal: AbortSignal,
  act: () => Promise<T>,
): Promise<T> {
  const abort = (): void => link.peer.tell('abort', token, link.peer.errors.encode(signal.reason));
  try {
    signal.throwIfAborted();
    signal.addEventListener('abort', abort);
    return await act();
  } finally {
    signal.removeEventListener('abort', abort);
    tokens.drop(token);
  }
}
