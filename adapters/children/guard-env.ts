import { ownModule } from '../../src/own-package.ts';
import type { Guard, Guarding, GuardModule } from '../../src/seams/driver.ts';

/** What a program is told of main. */
export interface Guarded extends Pick<Guard, 'module' | 'what'> {
  readonly explanation: string;
}

export const guardVariable = 'FORERUN_GUARD';

/**
 * Variables by which every program that is one of Node refuses to open main, and so do those that it starts. Other
 * programs do not know them.
 */
export function guardEnv(
  { module, what }: Pick<Guard, 'module' | 'what'>,
  explanation: string,
  nodeOptions: string = '',
): Readonly<Record<string, string>> {
  // Of this package's sources no other program could be told how to load them.
  if (import.meta.url.endsWith('.ts')) return {};
  const guarded: Guarded = { module, what, explanation };
  // Before all that is loaded by options of the user's own.
  const options = `--import ${ownModule('adapters/children/guarded')} ${nodeOptions}`;
  return { NODE_OPTIONS: options.trim(), [guardVariable]: JSON.stringify(guarded) };
}

/** Guards this process as its environment says. */
export async function guardHere(env: NodeJS.ProcessEnv): Promise<Guarding | undefined> {
  const text = env[guardVariable];
  if (text === undefined) return undefined;
  const { module, what, explanation } = JSON.parse(text) as Guarded;
  const { guard } = (await import(module)) as GuardModule;
  return guard(what, explanation);
}
