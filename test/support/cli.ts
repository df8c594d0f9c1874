import { fork, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa, type Result } from 'execa';
import { expect } from 'vitest';
import type { RunResult } from '../../src/result.ts';

/** The compiled program; `build.ts` makes it before the tests. */
export const entry: string = resolve(dirname(fileURLToPath(import.meta.url)), '../../dist/src/cli/main.js');

export interface CliOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

export type Answer = Pick<Result<{ reject: false }>, 'stdout' | 'stderr' | 'exitCode' | 'signal'> & {
  readonly stdout: string;
  readonly stderr: string;
};

/** Runs the real program with its colours off, on no terminal and with nothing in its environment that it reads. */
export async function forerun(args: readonly string[], options: CliOptions): Promise<Answer> {
  return execa(process.execPath, [entry, ...args], {
    cwd: options.cwd,
    env: environment(options.env),
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
  });
}

/** The document of a `--json` run. Fails where stdout holds anything else. */
export async function forerunJson(args: readonly string[], options: CliOptions): Promise<RunResult> {
  const at = args.includes('--') ? args.indexOf('--') : args.length;
  const answer = await forerun([...args.slice(0, at), '--json', ...args.slice(at)], options);
  const result = JSON.parse(answer.stdout) as RunResult;
  expect(answer.exitCode).toBe(result.exitCode);
  return result;
}

/** The environment of the tests without what npm and vitest put into it. */
export function environment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const kept = Object.entries(process.env).filter(([name]) => ['PATH', 'HOME', 'TMPDIR', 'LANG'].includes(name));
  return { ...(Object.fromEntries(kept) as Record<string, string>), ...more };
}

/** A call of the program that is still going on. */
export interface Running {
  readonly pid: number;
  signal(name: NodeJS.Signals): void;
  readonly stderr: NodeJS.ReadableStream;
  readonly ended: Promise<Answer>;
}

export function startForerun(args: readonly string[], options: CliOptions): Running {
  const child = execa(process.execPath, [entry, ...args], {
    cwd: options.cwd,
    env: environment(options.env),
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
    cleanup: true,
  });
  return { pid: child.pid ?? 0, signal: (name) => void child.kill(name), stderr: child.stderr, ended: child };
}

/** Waits until something is so; the test's own limit ends the waiting. */
export async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await what())) await sleep(20);
}

/** The processes that a process started and that still run. */
export async function childrenOf(pid: number): Promise<readonly number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text
    .split(' ')
    .filter((part) => part !== '')
    .map(Number);
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** How a run is held up: `blocked` as by a statement, `waiting` for a while, `deaf` by work that heeds no signal. */
export type Hold = 'blocked' | 'waiting' | 'deaf';

/**
 * Writes a configuration whose driver or provider stops at one of its acts, the first time in this project, and says so
 * in the file `held`.
 */
export async function holdAt(root: string, act: string, hold: Hold = 'blocked'): Promise<{ readonly held: string }> {
  const held = join(root, 'held');
  await writeFile(join(root, 'forerun.config.mjs'), holdingConfig(act, hold, held));
  return { held };
}

export async function untilHeld(held: string): Promise<void> {
  await until(() => existsSync(held));
}

function holdingConfig(act: string, hold: Hold, held: string): string {
  return `
import { writeFileSync } from 'node:fs';
import { sqlite } from 'forerun/sqlite';
import { copy } from 'forerun/copy';

async function hold(name, target) {
  const act = target?.path === undefined ? name : name + ' on ' + (target.path.endsWith('app.db') ? 'main' : 'copy');
  if (act !== ${JSON.stringify(act)}) return;
  try {
    writeFileSync(${JSON.stringify(held)}, String(process.pid), { flag: 'wx' });
  } catch {
    return;
  }
  if (${JSON.stringify(hold)} === 'blocked') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 40_000);
  else await new Promise((resolve) => setTimeout(resolve, ${hold === 'deaf' ? 40_000 : 1500}));
}

function holding(object) {
  const entries = Object.entries(object).map(([name, member]) => {
    if (typeof member !== 'function' || ['target', 'home', 'statements', 'codeOf', 'history', 'journal', 'script'].includes(name)) return [name, member];
    return [name, async (...args) => {
      await hold(name, args[0]);
      return member.apply(object, args);
    }];
  });
  return Object.fromEntries(entries);
}

const driver = holding(sqlite());
const script = driver.script;
driver.script = (sql, file) => {
  const apply = script(sql, file);
  return async (target, attempt) => {
    await hold('script', target);
    await apply(target, attempt);
    await hold('scripted', target);
  };
};

export default { database: 'app.db', lockWaitSeconds: 20, driver, provider: holding(copy()) };
`;
}

/** A process of another deployer that holds the run lock until it is killed. */
export async function holdLock(main: string): Promise<ChildProcess> {
  const child = fork('-e', [
    `
    const Database = require(${JSON.stringify(resolve(dirname(entry), '../../../node_modules/better-sqlite3'))});
    const { mkdirSync } = require('node:fs');
    mkdirSync(${JSON.stringify(join(dirname(main), '.forerun'))}, { recursive: true });
    const db = new Database(${JSON.stringify(join(dirname(main), '.forerun/lock.db'))});
    db.exec('BEGIN EXCLUSIVE');
    process.send('held');
    setInterval(() => {}, 1000);
  `,
  ]);
  await new Promise<void>((done) => void child.once('message', () => done()));
  return child;
}
