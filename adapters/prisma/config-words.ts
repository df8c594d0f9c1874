/**
 * What `prisma/config` is to a configuration that Forerun loads: Prisma's own hands the object back too, and takes a third
 * of a second to load. A variable that is not set is no error until its value is wanted.
 */
export function defineConfig(config: unknown): unknown {
  return config;
}

export function env(name: string): string {
  return process.env[name] ?? `${unset}${name}`;
}

const unset = '\0unset:';

/** Name of the variable that a value should have come from. */
export function unsetIn(value: string): string | undefined {
  return /\0unset:(\w+)/.exec(value)?.[1];
}
