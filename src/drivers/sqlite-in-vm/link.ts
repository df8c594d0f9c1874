import { setTimeout as sleep } from 'node:timers/promises';
import { ForerunError } from '../../error.ts';
import type { Ran, RunIn } from './exec.ts';
import { makePeer, type Message, type Methods, type Peer } from './peer.ts';
import { wordMs, type Answer, type Batch } from './protocol.ts';
import { code, deliverScript } from './scripts.ts';

/** A conversation with one agent. */
export interface Link {
  readonly peer: Peer;
  /** Names the agent. */
  readonly token: string;
  /** Has the agent be one of that run, which the next run ends should this one die. */
  workFor(run: string): void;
  /** Keeps the agent from ending until it is let go as often: something is open there. */
  keep(): void;
  letGo(): void;
  /** Why nobody answers any more; undefined while somebody does. */
  failure(): unknown;
  /** Ends the agent, and with it whatever is open there. */
  end(): Promise<void>;
}

export interface LinkOptions {
  readonly run: RunIn;
  readonly vm: string;
  readonly token: string;
}

/**
 * Each batch is numbered and delivered by a command of its own, which is repeated with the same number until its answer is
 * here: whatever was cut off, a message is acted upon once, and answers are heard in order.
 */
export function makeLink({ run, vm, token }: LinkOptions, methods: Methods): Link {
  let queue: Message[] = [];
  let number = 0;
  let arrived = 0;
  let under = 0;
  let kept = 0;
  let failed: unknown;
  let planned = false;
  const runs = new Set<string>();
  let turn: Promise<void> = Promise.resolve();
  let word: NodeJS.Timeout | undefined;
  const fail = (error: unknown): void => {
    failed ??= error;
    clearTimeout(word);
    peer.fail(error);
  };
  const deliver = async (): Promise<void> => {
    planned = false;
    if (failed !== undefined) return peer.fail(failed);
    clearTimeout(word);
    const mine = (number += 1);
    const batch: Batch = { arrived, waits: peer.isWaiting(), messages: queue };
    queue = [];
    under += 1;
    const before = turn;
    const answer = answerTo({ run, vm, token }, mine, JSON.stringify(batch));
    turn = (async () => {
      try {
        const messages = await answer;
        await before;
        arrived = mine;
        peer.receive(messages);
      } catch (error) {
        fail(error);
      } finally {
        under -= 1;
        next();
      }
    })();
    await turn;
  };
  /** What is still to come has to be asked for. */
  const next = (): void => {
    if (failed !== undefined) return;
    if (queue.length > 0 || (under === 0 && peer.isWaiting())) return plan();
    if (under > 0 || (kept === 0 && !peer.isAsking())) return;
    clearTimeout(word);
    word = setTimeout(() => void deliver(), wordMs);
    word.unref();
  };
  const plan = (): void => {
    if (planned) return;
    planned = true;
    setImmediate(() => void deliver());
  };
  const peer = makePeer(methods, (message) => {
    queue.push(message);
    plan();
  });
  return {
    peer,
    token,
    workFor(id) {
      if (runs.has(id)) return;
      runs.add(id);
      peer.tell('forRun', id);
    },
    keep() {
      kept += 1;
      next();
    },
    letGo: () => void (kept -= 1),
    failure: () => failed,
    async end() {
      if (failed !== undefined) return;
      peer.tell('bye');
      // It takes its folder along, and with it the answer.
      failed = ended(vm);
      clearTimeout(word);
      await answerTo(
        { run, vm, token },
        (number += 1),
        JSON.stringify({ arrived, waits: false, messages: queue }),
      ).catch(() => {});
      peer.fail(failed);
    },
  };
}

/** Long enough to hear of a slow answer at once, and short of what ends a command by itself. */
const holdSeconds = 15;
const execLimitMs = 25_000;
/** For so long deliveries may fail one after the other: a VM that is committed stands still. */
const patienceMs = 200_000;
const longestPauseMs = 2000;

async function answerTo({ run, vm, token }: LinkOptions, number: number, text: string): Promise<Answer> {
  let since: number | undefined;
  let pause = 50;
  for (;;) {
    const ran = await run(vm, deliverScript(token, number, holdSeconds), { input: text, limitMs: execLimitMs });
    if (ran.code === 0) return JSON.parse(ran.stdout) as Answer;
    if (ran.code === code.gone) throw ended(vm);
    if (ran.code === code.notYet) {
      [since, pause] = [undefined, 50];
      continue;
    }
    since ??= performance.now();
    if (ran.code !== undefined || performance.now() - since > patienceMs) throw silent(vm, ran);
    await sleep(pause);
    pause = Math.min(2 * pause, longestPauseMs);
  }
}

function ended(vm: string): ForerunError<'UNREACHABLE'> {
  return new ForerunError(
    'UNREACHABLE',
    `The program that works for Forerun in VM ${vm} has ended; what it had not committed was rolled back.`,
    {
      details: { target: `vers:${vm}` },
      next: `Run again. Should it happen again, look whether the VM has too little memory: vers exec ${vm} free -m`,
    },
  );
}

function silent(vm: string, { why, code: exit }: Ran): ForerunError<'UNREACHABLE'> {
  const said = exit === undefined ? why : `ended with ${exit}`;
  return new ForerunError(
    'UNREACHABLE',
    `The program that works for Forerun in VM ${vm} cannot be spoken to: a command there ${said}.`,
    {
      details: { target: `vers:${vm}` },
      next: `Look whether the VM answers, and has room on its disk: vers exec ${vm} df`,
    },
  );
}
