import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandProject } from '../adapters/fixtures/command/project.ts';

/** What a run of dbmate says on stderr while it goes on, in that order. */
export const places: readonly string[] = [
  '✓ lock',
  '✓ recover',
  '✓ plan',
  '✓ checkpoint',
  '✓ branch',
  'Applying: 20260101000000_notes.sql',
  'Applied: 20260101000000_notes.sql',
  'Applied: 20260102000000_titles.sql',
  '✓ rehearse',
  '✓ promote',
];

/** Kills a run as soon as it has said that for the first time (or the second), and waits until nothing of it is left. */
export async function killedAfter(
  said: string,
  project: CommandProject,
  words: readonly string[],
  times = 1,
): Promise<void> {
  const running = project.start(['up', '--safe', '--', ...words]);
  let text = '';
  running.stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    if (text.split(said).length > times) running.signal('SIGKILL');
  });
  await running.ended;
  if (text.split(said).length <= times) throw new Error(`It never said ${said}:\n${text}`);
  // The worker, the keeper and the command end by themselves.
  await sleep(500);
}
