import { asError, reportOf, type ThrownReport } from './thrown.ts';

/** One end of a channel between two processes. */
export interface Port {
  send(message: Message): void;
  onMessage(listener: (message: unknown) => void): void;
}

/** What one process asks of the other. */
export interface Peer<Theirs extends Methods<Theirs>> {
  call<Name extends keyof Theirs & string>(
    name: Name,
    ...args: Parameters<Theirs[Name]>
  ): Promise<Awaited<ReturnType<Theirs[Name]>>>;
  /** Nobody will answer any more. */
  fail(error: Error): void;
}

/** The methods of one side. What they take and give is copied, so it can be rows, text and numbers, and no function. */
export type Methods<Side> = { readonly [Name in keyof Side]: (...args: never[]) => Promise<unknown> };

/** Answers the other side's calls with `ours`, and calls its methods. */
export function peer<Ours extends Methods<Ours>, Theirs extends Methods<Theirs>>(port: Port, ours: Ours): Peer<Theirs> {
  const waiting = new Map<number, Caller>();
  let last = 0;
  port.onMessage((message) => {
    if (!isMessage(message)) return;
    if (message.forerun === 'call') void answer(message, ours).then((reply) => port.send(reply));
    else {
      const caller = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.forerun === 'answer') caller?.resolve(message.value);
      else caller?.reject(asError(message.error));
    }
  });
  return {
    call(name, ...args) {
      const id = (last += 1);
      const answered = new Promise<unknown>((resolve, reject) => waiting.set(id, { resolve, reject }));
      port.send({ forerun: 'call', id, name, args });
      return answered as Promise<never>;
    },
    fail(error) {
      for (const caller of waiting.values()) caller.reject(error);
      waiting.clear();
    },
  };
}

export type Message = Call | Reply;

interface Call {
  readonly forerun: 'call';
  readonly id: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

type Reply =
  | { readonly forerun: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly forerun: 'thrown'; readonly id: number; readonly error: ThrownReport };

interface Caller {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

async function answer<Ours extends Methods<Ours>>({ id, name, args }: Call, ours: Ours): Promise<Reply> {
  try {
    const method = ours[name as keyof Ours] as unknown as (...args: readonly unknown[]) => Promise<unknown>;
    return { forerun: 'answer', id, value: await method(...args) };
  } catch (error) {
    return { forerun: 'thrown', id, error: reportOf(error) };
  }
}

/** A user's module may send messages of its own. */
function isMessage(message: unknown): message is Message {
  return typeof message === 'object' && message !== null && 'forerun' in message;
}
