import { asFailure } from '../postgres/failure.ts';
import type { Target } from '../../seams/target.ts';
import type { World } from './world.ts';

/** Has main answer again where a process died while it stood still, or while it was handed over; says what was found. */
export async function awakenVers(world: World, main: Target): Promise<string | undefined> {
  const { vm } = world;
  const inside = world.insideOf(main);
  const woken = await inside.awake(vm, main);
  const resumed = await inside.succession?.resume(vm, main).catch((error: unknown) => {
    throw asFailure(error, 'Looking which VM main is in');
  });
  if (!woken) return resumed;
  const said = `VM ${vm} was paused, most likely by a run that died, and was resumed.`;
  return resumed === undefined ? said : `${said} ${resumed}`;
}
