// Performs a verb and is killed by SIGKILL at its n-th step; prints the number of steps where it lives.
import { withSteps } from '../support/fault.ts';
import { perform, setupAt, type Verb } from './world.ts';

const { root, verb, step } = JSON.parse(process.argv[2] ?? '') as { root: string; verb: Verb; step: number };
let steps = 0;
const setup = withSteps(await setupAt(root), (name) => {
  // Nothing happens between the end of one act and the beginning of the next.
  if (name.startsWith('after ')) return;
  steps += 1;
  if (steps === step) process.kill(process.pid, 'SIGKILL');
});
const { done } = await perform(verb, setup);
console.log(JSON.stringify({ steps, done }));
