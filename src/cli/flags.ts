import { InvalidArgumentError } from 'commander';
import { ForerunError } from '../error.ts';

/** Reads a whole number above 0. */
export function positive(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('It must be a whole number above 0.');
}

/** The given options, without those that were left out. */
export function given<T extends object>(options: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]?: Exclude<T[Key], undefined>;
  };
}

/**
 * Whether a run is to be a safe one. npm keeps a `--safe` that is typed without the two dashes before it to itself, and
 * sets a variable: nobody must run unsafe for want of them.
 */
export function isSafe(flag: boolean | undefined, env: NodeJS.ProcessEnv): boolean {
  if (flag === true || isSetSafe(env['MIGRATE_SAFE'] ?? '')) return true;
  return isRunByNpm(env) && env['npm_config_safe'] === 'true';
}

/** A word that might mean yes must not lead to an unsafe run. */
function isSetSafe(value: string): boolean {
  if (['1', 'true'].includes(value)) return true;
  if (['', '0', 'false'].includes(value)) return false;
  throw new ForerunError('USAGE', `MIGRATE_SAFE is "${value}", which is neither yes nor no.`, {
    details: {},
    next: 'Set it to 1 for a safe run, to 0 for another; or unset it and give --safe.',
  });
}

/** npm keeps other options to itself as well; a run must not do more than what was typed. */
export function refuseKeptByNpm(verb: string, names: readonly string[], env: NodeJS.ProcessEnv): void {
  const kept = names.filter((name) =>
    [name, abbreviated[name] ?? name].some((key) => env[`npm_config_${key.replaceAll('-', '_')}`] !== undefined),
  );
  if (!isRunByNpm(env) || kept.length === 0) return;
  const options = kept.map((name) => `--${name}`).join(' and ');
  throw new ForerunError('USAGE', `npm kept ${options} to itself, so that this run would do more than was asked for.`, {
    details: {},
    next: `Type two dashes before the options: npm run ${env['npm_lifecycle_event'] ?? verb} -- --${kept[0] ?? ''} …`,
  });
}

/** What npm takes an option for that it does not know: one of its own that begins so. */
const abbreviated: Readonly<Record<string, string>> = { to: 'token-description' };

function isRunByNpm(env: NodeJS.ProcessEnv): boolean {
  return env['npm_lifecycle_event'] !== undefined;
}
