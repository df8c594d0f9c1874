import type { Connection, Driver, Session } from '../../seams/driver.ts';
import type { Attempt } from '../../seams/source.ts';
import type { Target } from '../../seams/target.ts';
import type { SentError } from './errors.ts';
import type { Held } from './held.ts';
import type { Peer } from './peer.ts';

/** An attempt as the agent is told of it: what it is to be asked, it is asked by its number. */
export interface SentAttempt {
  readonly token: number;
  readonly alone: boolean;
  readonly repeatable: boolean;
  readonly prepares: boolean;
  readonly states: boolean;
}

export interface Attempts {
  abort(token: number, reason: SentError): void;
  heard<T>(token: number, act: (signal: AbortSignal) => Promise<T>): Promise<T>;
  run(sent: SentAttempt, apply: (attempt: Attempt) => Promise<void>): Promise<void>;
  transaction(driver: Driver, target: Target, sent: SentAttempt): Promise<void>;
}

/** Attempts whose steps the other side takes, on connections that are open here. */
export function makeAttempts(peer: () => Peer, held: Held): Attempts {
  const controllers = new Map<number, AbortController>();
  const heard = async <T>(token: number, act: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const controller = new AbortController();
    controllers.set(token, controller);
    try {
      return await act(controller.signal);
    } finally {
      controllers.delete(token);
    }
  };
  const asking = async (step: string, token: number, session: Session): Promise<void> => {
    const id = held.put(session as Connection);
    try {
      await peer().call(step, token, id);
    } finally {
      held.drop(id);
    }
  };
  const run = (sent: SentAttempt, apply: (attempt: Attempt) => Promise<void>): Promise<void> =>
    heard(sent.token, (signal) => apply(attemptOf(sent, signal)));
  const attemptOf = ({ token, alone, repeatable, prepares, states }: SentAttempt, signal: AbortSignal): Attempt => ({
    alone,
    ...(repeatable ? { repeatable } : {}),
    signal,
    ...(prepares ? { prepare: (connection) => asking('prepare', token, connection) } : {}),
    afterBegin: (session) => asking('afterBegin', token, session),
    beforeCommit: (session) => asking('beforeCommit', token, session),
    ...(states ? { statement: (evidence) => peer().tell('statement', token, evidence) } : {}),
    waiting: (message) => peer().tell('waiting', token, message),
    note: (message) => peer().tell('note', token, message),
  });
  return {
    abort: (token, reason) => controllers.get(token)?.abort(peer().errors.decode(reason)),
    heard,
    run,
    transaction: (driver, target, sent) =>
      run(sent, (attempt) =>
        driver.transaction(target, attempt, (connection) => asking('body', sent.token, connection)),
      ),
  };
}
