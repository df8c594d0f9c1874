import type { Guard, Guarding, GuardModule } from '../../src/seams/driver.ts';

/** What a program of a command is told of main. */
export interface Guarded extends Pick<Guard, 'module' | 'what'> {
  readonly explanation: string;
}

export const guardVariable = 'FORERUN_GUARD';

/**
 * Variables by which every program of a command that is one of Node refuses to open main. Other programs do not know them.
 */
export function guardEnv(
  { module, what }: Guard,
  explanation: string,
  nodeOptions: string = '',
): Readonly<Record<string, string>> {
  const guarded: Guarded = { module, what, explanation };
  // Before all that is loaded by options of the user's own.
  const options = `--import ${new URL('./guarded.js', import.meta.url).href} ${nodeOptions}`;
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
