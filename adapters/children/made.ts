import type { ChildPlace } from './children.ts';
import type { Made } from './find-made.ts';
import { addressOf, type Place } from './registry.ts';

/** Has a child process find an instance in the module that makes it. */
export function madeBy(maker: string, module: string, place: Place): Pick<ChildPlace, 'finder' | 'what'> {
  const what: Made = { module: addressOf(module), place, maker };
  return { finder: besides(import.meta.url, 'find-made'), what };
}

/** The address of the module of that name beside another, compiled or not. */
export function besides(module: string, name: string): string {
  return new URL(`./${name}${module.endsWith('.ts') ? '.ts' : '.js'}`, module).href;
}
