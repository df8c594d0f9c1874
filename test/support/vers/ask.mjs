// Part of a stand-in for Vers, for tests alone: how its command line calls its service, retries and limit included.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { areFaultsFor, faultsFor } from './account.mjs';
import { Failure } from './failure.mjs';
import { serve } from './service.mjs';

/** Up to two more times on 409, 429 and 5xx, whatever it changes. Gives up after 60 s, or what a fault says. */
export async function ask(root, call, body) {
  const { limitMs = 60_000 } = await faultsFor(root, `${call} client`);
  let answer;
  for (let tries = 1; ; tries += 1) {
    const waiting = new AbortController();
    const limit = sleep(limitMs, 'late', { signal: waiting.signal }).catch(() => {});
    answer = await Promise.race([once(root, call, body).finally(() => waiting.abort()), limit]);
    if (answer === 'late') return giveUp(call);
    const again = answer.status === 409 || answer.status === 429 || answer.status >= 500;
    if (!again || tries === 3) break;
    await sleep(20);
  }
  if (answer.status < 300) return answer.body;
  const said = typeof answer.body === 'string' ? answer.body : answer.body.error;
  throw new Failure(`${call}: API error ${answer.status}: ${said}`);
}

/** Where it is told to fail, the service goes on when this process ends; else that is not worth the time it takes. */
async function once(root, call, body) {
  if (!areFaultsFor(root, call)) return serve(root, call, body);
  const program = join(import.meta.dirname, 'serve.mjs');
  const child = spawn(process.execPath, [program, root, call, JSON.stringify(body)], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    child.unref();
    child.stdout.destroy();
    return JSON.parse(line);
  }
  throw new Failure(`${call}: EOF`);
}

/** The service's answer, which may still come, is nobody's any more. */
function giveUp(call) {
  process.stderr.write(`Error: ${call}: context deadline exceeded\nUsage:\n  vers [command]\n`);
  process.exit(6);
}
