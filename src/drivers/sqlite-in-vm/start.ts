import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ForerunError } from '../../error.ts';
import { packageVersion } from '../../package-version.ts';
import type { Ran, RunIn } from './exec.ts';
import { protocol, type Hello } from './protocol.ts';
import { code, startScript } from './scripts.ts';

export interface StartOptions {
  readonly run: RunIn;
  /** The command line that starts one in a VM. */
  readonly agent: string;
  /** How long to wait until it answers: a VM may only just have been made. */
  readonly readyLimitMs: number;
}

/** Starts an agent in a VM and answers the name of its folder. Throws where what it needs is not installed there. */
export async function startAgent(vm: string, options: StartOptions): Promise<string> {
  const { run, agent, readyLimitMs } = options;
  const token = randomBytes(12).toString('hex');
  const start = performance.now();
  for (;;) {
    const leftSeconds = Math.ceil((readyLimitMs - (performance.now() - start)) / 1000);
    const holdSeconds = Math.min(longestHoldSeconds, Math.max(1, leftSeconds));
    const script = startScript(token, agent, holdSeconds);
    const ran = await run(vm, script, { limitMs: (holdSeconds + graceSeconds) * 1000 });
    if (ran.code === 0) {
      const hello = JSON.parse(ran.stdout) as Hello;
      if (hello.protocol !== protocol || hello.version !== packageVersion()) throw otherVersion(vm, hello.version);
      return token;
    }
    if (ran.code === code.missing) throw missing(vm, agent);
    const again = ran.code === undefined || ran.code === code.notYet;
    if (!again || performance.now() - start > readyLimitMs) throw notStarted(vm, options, ran);
    await sleep(pauseMs);
  }
}

const longestHoldSeconds = 15;
/** What starting it and the way there and back take besides. */
const graceSeconds = 10;
const pauseMs = 300;

function missing(vm: string, agent: string): ForerunError<'PROVIDER_FAILED'> {
  return new ForerunError('PROVIDER_FAILED', `In VM ${vm} there is no ${agent}, which works for Forerun there.`, {
    details: {},
    next: `It needs Node 20 and this package in the VM: ${installation(vm)}. Where it is there already, name it: vers({ …, agent: '/path/to/forerun-agent' }), or FORERUN_VERS_AGENT.`,
  });
}

function otherVersion(vm: string, version: string): ForerunError<'PROVIDER_FAILED'> {
  return new ForerunError(
    'PROVIDER_FAILED',
    `In VM ${vm} there is Forerun ${version}, and here ${packageVersion()}: both must be the same.`,
    { details: {}, next: `Type: ${installation(vm)}` },
  );
}

/** What to type so that this package is in a VM. */
export function installation(vm: string): string {
  return `vers exec -t 300 ${vm} bash -c 'npm install -g forerun@${packageVersion()}'`;
}

function notStarted(
  vm: string,
  { agent, readyLimitMs }: StartOptions,
  { code: exit, stdout, why }: Ran,
): ForerunError<'PROVIDER_FAILED'> {
  const reasons: Readonly<Record<number, string>> = {
    [code.notYet]: `it did not say within ${readyLimitMs / 1000} s that it runs`,
    [code.notOurs]: 'the folder ~/.forerun-agents there is not its user’s own',
  };
  const last =
    stdout
      .trim()
      .split('\n')
      .findLast((line) => /error/i.test(line)) ?? stdout.trim().split('\n').at(-1);
  const said = exit === undefined ? `the command ${why}` : (reasons[exit] ?? last ?? `it ended with ${exit}`);
  return new ForerunError('PROVIDER_FAILED', `In VM ${vm} ${agent} did not start: ${said}`, {
    details: {},
    next: `Try it there: vers exec ${vm} bash -c '${agent} --version; node --version'`,
  });
}
