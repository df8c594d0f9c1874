import { existsSync, readdirSync, readFileSync, renameSync, rmSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Message } from './peer.ts';
import { silenceMs, type Batch } from './protocol.ts';
import { makeSilence } from './silence.ts';

/** The agent's side of the conversation: what is delivered into its folder is handled once and in order. */
export interface Inbox {
  send(message: Message): void;
  close(): void;
}

/**
 * Files, because they outlive a delivery that was cut off: whoever asks again for the answer to a batch gets the same one,
 * and a batch that is delivered twice is there already. `silent` is called when nobody has spoken for too long.
 */
export function openInbox(folder: string, receive: (messages: readonly Message[]) => void, silent: () => void): Inbox {
  let next = 1;
  let outgoing: Message[] = [];
  /** Numbers of those that nothing was answered to yet, oldest first. */
  let asked: number[] = [];
  let waits = true;
  let planned: NodeJS.Timeout | undefined;
  const answer = (number: number, messages: readonly Message[]): void => {
    const draft = join(folder, 'out', `.${number}`);
    writeFileSync(draft, JSON.stringify(messages));
    renameSync(draft, join(folder, 'out', String(number)));
  };
  const flush = (): void => {
    planned = undefined;
    const number = asked.at(-1);
    if (number === undefined || (waits && outgoing.length === 0)) return;
    asked = [];
    answer(number, outgoing);
    outgoing = [];
  };
  const take = (batch: Batch, number: number): void => {
    for (const known of readdirSync(join(folder, 'out')))
      if (Number(known) <= batch.arrived) rmSync(join(folder, 'out', known));
    // Of several that wait the last is answered: what there is to say is said in order.
    for (const older of asked) {
      answer(older, outgoing);
      outgoing = [];
    }
    asked = [number];
    waits = batch.waits;
    receive(batch.messages);
    flush();
  };
  const look = (): void => {
    for (const name of readdirSync(join(folder, 'in'))) if (Number(name) < next) rmSync(join(folder, 'in', name));
    for (;;) {
      const file = join(folder, 'in', String(next));
      if (!existsSync(file)) return;
      const batch = batchIn(readFileSync(file, 'utf8'));
      rmSync(file);
      // It will be delivered again, if whoever did it lives.
      if (batch === undefined) return;
      take(batch, next++);
    }
  };
  const watcher = watch(join(folder, 'in'), look);
  const silence = makeSilence(silenceMs / lookMs);
  const timer = setInterval(() => {
    look();
    if (silence(join(folder, 'alive'))) silent();
  }, lookMs);
  look();
  return {
    send(message) {
      outgoing.push(message);
      // What nobody waits for may wait for what comes next.
      const soon = 'tell' in message ? tellMs : 0;
      if (soon === 0) clearTimeout(planned);
      if (soon === 0 || planned === undefined) planned = setTimeout(flush, soon);
    },
    close() {
      flush();
      clearInterval(timer);
      watcher.close();
    },
  };
}

const tellMs = 100;
const lookMs = 500;

/** Undefined where whoever sent it died in the middle: then it is cut off, and no JSON. */
function batchIn(text: string): Batch | undefined {
  try {
    return JSON.parse(text) as Batch;
  } catch {
    return undefined;
  }
}
