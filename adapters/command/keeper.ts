import { execa } from 'execa';
import { endings } from '../../src/cli/protocol.ts';
import { endGroup, groupMembers, processesWith } from '../../src/process-group.ts';
import type { Ended, Order, ToKeeper } from './protocol.ts';

// Leads the process group of a command, in a session of its own. Whatever becomes of the process that started it, nothing
// of the group outlives it: it ends the group when it is told to, when its parent is gone, and when the command is done.
for (const ending of endings) process.on(ending, () => {});
process.on('disconnect', () => void endOthers());
process.on('message', (message: ToKeeper) => {
  if (message.do === 'end') void endOthers();
  else void keep(message.order);
});

let isEnding = false;

async function keep(order: Order): Promise<void> {
  const ended = await run(order);
  const left = isEnding ? [] : await others();
  await endOthers();
  const escaped = await processesWith(mark, String(process.pid));
  const message: Ended = { ...ended, left: left.length, escaped };
  if (process.connected) process.send?.(message, undefined, undefined, () => process.exit(0));
  else process.exit(0);
}

/** By it programs of the command are known that have left its group. */
const mark = 'FORERUN_KEEPER';

async function run({ words, cwd, env }: Order): Promise<Omit<Ended, 'left' | 'escaped'>> {
  const [file = '', ...args] = words;
  const { exitCode, signal, shortMessage, code } = await execa(file, args, {
    cwd,
    env: { ...env, [mark]: String(process.pid) },
    preferLocal: true,
    stdin: 'ignore',
    stdout: 'inherit',
    stderr: 'inherit',
    buffer: false,
    cleanup: false,
    reject: false,
  });
  if (exitCode !== undefined) return { exitCode };
  if (signal !== undefined) return { signal };
  return { unstarted: code === 'ENOENT' ? 'there is no such program' : (shortMessage ?? 'it could not be started') };
}

async function others(): Promise<readonly number[]> {
  return (await groupMembers(process.pid)).filter((pid) => pid !== process.pid);
}

/** Without a command there is nobody to wait for. */
async function endOthers(): Promise<void> {
  isEnding = true;
  await endGroup(process.pid, process.pid);
  if (!process.connected) process.exit(0);
}
