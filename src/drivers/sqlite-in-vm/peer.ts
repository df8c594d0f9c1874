import { makeErrors, type Errors, type SentError } from './errors.ts';
import { decode, encode } from './wire.ts';

/** What goes between two processes of which each asks the other. */
export type Message =
  | { readonly call: number; readonly method: string; readonly args: unknown }
  | { readonly answer: number; readonly value?: unknown; readonly error?: SentError }
  | { readonly tell: string; readonly args: unknown };

export type Methods = Readonly<Record<string, (...args: never[]) => unknown>>;

export interface Peer {
  readonly errors: Errors;
  call(method: string, ...args: readonly unknown[]): Promise<unknown>;
  /** Asks for no answer. */
  tell(method: string, ...args: readonly unknown[]): void;
  receive(messages: readonly Message[]): void;
  /** Nobody will answer any more: everything that waits is rejected. */
  fail(error: unknown): void;
  /** Whether something that was asked is not answered. */
  isAsking(): boolean;
  /** Whether the other has something to do before it is our turn again: what it asks us belongs to something that we asked. */
  isWaiting(): boolean;
}

/** One of the two; `send` takes each message to the other, in order and once. */
export function makePeer(methods: Methods, send: (message: Message) => void): Peer {
  const errors = makeErrors();
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>();
  let count = 0;
  let answering = 0;
  const answerTo = async (id: number, method: string, args: readonly unknown[]): Promise<void> => {
    let answer: Message;
    answering += 1;
    try {
      answer = { answer: id, value: encode(await act(methods, method, args)) };
    } catch (error) {
      answer = { answer: id, error: errors.encode(error) };
    }
    answering -= 1;
    send(answer);
  };
  return {
    errors,
    call: (method, ...args) =>
      new Promise((resolve, reject) => {
        const message = { call: (count += 1), method, args: encode(args) };
        waiting.set(message.call, { resolve, reject });
        send(message);
      }),
    tell: (method, ...args) => send({ tell: method, args: encode(args) }),
    receive(messages) {
      for (const message of messages) {
        if ('call' in message) void answerTo(message.call, message.method, decode(message.args) as unknown[]);
        else if ('tell' in message) {
          // Whoever is told something has nobody to complain to.
          act(methods, message.tell, decode(message.args) as unknown[]).catch(() => {});
        } else {
          const asked = waiting.get(message.answer);
          waiting.delete(message.answer);
          if (message.error === undefined) asked?.resolve(decode(message.value));
          else asked?.reject(errors.decode(message.error));
        }
      }
    },
    fail(error) {
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
    },
    isAsking: () => waiting.size > 0,
    isWaiting: () => waiting.size > answering,
  };
}

async function act(methods: Methods, method: string, args: readonly unknown[]): Promise<unknown> {
  const found = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (found === undefined) throw new TypeError(`nothing answers to ${method}`);
  return found(...(args as never[]));
}
