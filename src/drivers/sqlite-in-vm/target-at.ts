import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Target } from '../../seams/target.ts';
import { targetOf } from '../sqlite/target.ts';

/** In the VM itself: `~` is the home folder of the user that commands there run as. */
export function targetAt(path: string): Target {
  const whole = path.startsWith('~/') ? join(homedir(), path.slice(1)) : path;
  return targetOf(whole, whole);
}
