import { isForerunError } from '../../src/error.ts';
import type { Driver } from '../../src/seams/driver.ts';

/**
 * What a migration threw, with nothing in its words that may be a value of the database. An error of the engine's is
 * found also inside one that a library has wrapped around it, and then it is what is told: it has the reason and the code.
 */
export function tellable(driver: Pick<Driver, 'codeOf' | 'wordsOf'>, error: unknown): unknown {
  if (!(error instanceof Error) || isForerunError(error)) return error;
  const found = [error, ...wrappedIn(error)].find((one) => driver.codeOf(one) !== undefined);
  if (found === undefined) return error;
  const words = driver.wordsOf(found);
  const told = Object.assign(new Error(words, { cause: error }), { code: driver.codeOf(found) });
  // Its lines lead to the migration; its head has the words as they were.
  told.stack = [`${error.name}: ${words}`, ...framesOf(error)].join('\n');
  return told;
}

/** Under the names that are in use: of the language, of Sequelize, of TypeORM. */
function wrappedIn(error: Error): readonly Error[] {
  const wrapper = error as { readonly cause?: unknown; readonly original?: unknown; readonly driverError?: unknown };
  return [wrapper.cause, wrapper.original, wrapper.driverError].filter((inner) => inner instanceof Error);
}

function framesOf({ stack = '' }: Error): readonly string[] {
  return stack.split('\n').filter((line) => /^\s+at /.test(line));
}
