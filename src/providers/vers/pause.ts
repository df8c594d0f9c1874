import { setTimeout as sleep } from 'node:timers/promises';
import { ForerunError } from '../../error.ts';
import type { Target } from '../../seams/target.ts';
import { openSession } from '../postgres/session.ts';
import type { Vers } from './client.ts';
import type { Stood } from './inside.ts';

/**
 * Does something that makes a VM stand still, and asks its database all the time meanwhile. Whether the VM goes on by
 * itself afterwards is not agreed upon: where it does not, it is resumed.
 */
export async function whilePaused<T>(vers: Vers, vm: string, target: Target, act: () => Promise<T>): Promise<Stood<T>> {
  await using session = await openSession(target);
  let stop = false;
  let asked = performance.now();
  let ms = 0;
  const asking = (async () => {
    for (;;) {
      asked = performance.now();
      await session.query('SELECT 1');
      ms = Math.max(ms, performance.now() - asked);
      if (stop) return;
      await sleep(everyMs);
    }
  })();
  // It is awaited below, whatever happens to `act`.
  asking.catch(() => {});
  const rest = async (): Promise<boolean> => {
    stop = true;
    const answered = asking.then(
      () => true,
      () => true,
    );
    if (await within(answered, answerMs)) return false;
    const resumed = await resumeIfPaused(vers, vm);
    if (await within(answered, resumeLimitMs)) return resumed;
    throw silent(vm);
  };
  let result: T;
  try {
    result = await act();
  } catch (error) {
    await rest();
    throw error;
  }
  const resumed = await rest();
  return { result, still: `for ${Math.round(ms)} ms`, resumed };
}

/** Main may have been left paused by a process that died right then. Answers whether it was. */
export async function awake(vers: Vers, vm: string, target: Target): Promise<boolean> {
  const opened = openSession(target).then(
    async (session) => {
      await session[Symbol.asyncDispose]();
      return true;
    },
    // What else is wrong is said by whoever connects next.
    () => true,
  );
  if (await within(opened, answerMs)) return false;
  return resumeIfPaused(vers, vm);
}

export async function resumeIfPaused(vers: Vers, vm: string): Promise<boolean> {
  const { state } = await vers.status(vm);
  if (state.toLowerCase() !== 'paused') return false;
  await vers.resume(vm);
  return true;
}

async function within(answered: Promise<boolean>, ms: number): Promise<boolean> {
  const waiting = new AbortController();
  const late = sleep(ms, false, { signal: waiting.signal }).catch(() => false);
  try {
    return await Promise.race([answered, late]);
  } finally {
    waiting.abort();
  }
}

const everyMs = 10;
const answerMs = 2000;
const resumeLimitMs = 60_000;

function silent(vm: string): ForerunError<'PROVIDER_FAILED'> {
  return new ForerunError('PROVIDER_FAILED', `The database of VM ${vm} does not answer since it was committed.`, {
    details: {},
    next: `Look what it does, and have it go on: vers status ${vm}; vers resume ${vm}`,
  });
}
