import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

export const dist: string = join(import.meta.dirname, '../../dist');
export const cli: string = join(dist, 'src/cli/main.js');

export interface Ran {
  /** From the start of the process to its end. */
  readonly ms: number;
  /** The most memory that it had at any time. */
  readonly peakBytes: number;
}

/** Path of one of the small programs beside this folder. */
export function program(name: string): string {
  return join(import.meta.dirname, '../programs', `${name}.mjs`);
}

/** Runs Node with these arguments to its end. Throws with what it said where it fails. */
export async function runNode(...args: readonly string[]): Promise<Ran> {
  const { ran } = await run(args);
  return ran;
}

/** The same, with the most memory that it had: a little slower, as the program tells it at its end. */
export async function runNodeForMemory(...args: readonly string[]): Promise<Ran> {
  const { ran, memory } = await run(['--import', program('tell-memory'), ...args]);
  return { ...ran, peakBytes: Number(memory) };
}

async function run(args: readonly string[]): Promise<{ readonly ran: Ran; readonly memory: string }> {
  const start = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
  const exit = once(child, 'exit').then((codes) => [codes[0] as number | null, performance.now() - start] as const);
  const [said, memory, [code, ms]] = await Promise.all([
    text(child.stderr as Readable),
    text(child.stdio[3] as Readable),
    exit,
  ]);
  if (code !== 0) throw new Error(`node ${args.join(' ')} failed (${code}):\n${said}`);
  return { ran: { ms, peakBytes: 0 }, memory };
}
