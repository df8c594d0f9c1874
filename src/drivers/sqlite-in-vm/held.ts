import { ForerunError } from '../../error.ts';

/** What the agent keeps for the other side, which knows it by a number. */
export interface Held {
  put(thing: AsyncDisposable): number;
  /** Whoever asks knows what it is. */
  get(id: number): unknown;
  /** Takes it away again without closing it: whoever opened it does that. */
  drop(id: number): void;
  close(id: number): Promise<void>;
}

export function makeHeld(): Held {
  const things = new Map<number, AsyncDisposable>();
  let count = 0;
  return {
    put(thing) {
      things.set((count += 1), thing);
      return count;
    },
    get(id) {
      const thing = things.get(id);
      if (thing === undefined)
        throw new ForerunError('UNREACHABLE', 'What was opened in the VM is not open any more.', {
          details: { target: 'vers:' },
        });
      return thing;
    },
    drop: (id) => void things.delete(id),
    async close(id) {
      const thing = things.get(id);
      things.delete(id);
      await thing?.[Symbol.asyncDispose]();
    },
  };
}
