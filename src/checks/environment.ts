import type { Driver } from '../seams/driver.ts';
import type { Target } from '../seams/target.ts';

/** Variables of a program's environment that differ from this process's; undefined: it is not to be there. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** For a program that is to work on a copy: the database variable, and whatever else would lead it to main. */
export async function environmentOf({ driver, main, databaseVariable }: Where, copy: Target): Promise<Environment> {
  const guard = await driver.guard?.(main, copy);
  return { ...guard?.env, [databaseVariable]: copy.variable };
}

interface Where {
  readonly driver: Driver;
  readonly main: Target;
  readonly databaseVariable: string;
}
