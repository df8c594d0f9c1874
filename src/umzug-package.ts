import { createRequire } from 'node:module';

/**
 * Umzug, loaded as the CommonJS package that it is. Not by `import`: a loader such as `jiti/register` makes a module that
 * nothing can require out of any CommonJS file with an `import()` in it, and Umzug has one.
 */
export function umzugPackage(): typeof import('umzug') {
  return createRequire(import.meta.url)('umzug') as typeof import('umzug');
}
