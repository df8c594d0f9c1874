import { ownModule } from '../../src/own-package.ts';
import type { ChildPlace } from './children.ts';
import type { Made } from './find-made.ts';
import { addressOf, type Place } from './registry.ts';

/** Has a child process find an instance in the module that makes it. */
export function madeBy(maker: string, module: string, place: Place): Pick<ChildPlace, 'finder' | 'what'> {
  const what: Made = { module: addressOf(module), place, maker };
  return { finder: ownModule('adapters/children/find-made'), what };
}
