import { createRequire } from 'node:module';

/**
 * Umzug, loaded as the CommonJS package that it is. Not by `import`: a loader such as `jiti/register` makes a module that
 * nothing can require out of any CommonJS file with an `import()` in it, and Umzug has one.
 */
export function umzugPackage(): typeof import('umzug') {
  return createRequire(import.meta.url)('umzug') as typeof import('umzug');
}

/** The same without its command line, which is four fifths of the loading and is loaded here once it is asked for. */
export function umzugWithoutCommandLine(): Pick<typeof import('umzug'), 'Umzug' | 'MigrationError'> {
  const require = createRequire(import.meta.url);
  const commandLine = resolved(require, 'umzug/lib/cli.js');
  if (commandLine === undefined || require.cache[commandLine] !== undefined) return umzugPackage();
  require.cache[commandLine] = { ...emptyModule(commandLine), exports: later(() => require(commandLine) as object) };
  try {
    return require('umzug/lib/umzug.js') as typeof import('umzug');
  } finally {
    // Whoever requires it from now on gets all of it.
    delete require.cache[commandLine];
  }
}

/** Undefined where a version of Umzug has no such file: then all of it is loaded. */
function resolved(require: NodeJS.Require, file: string): string | undefined {
  try {
    return require.resolve(file);
  } catch {
    return undefined;
  }
}

function emptyModule(file: string): Omit<NodeJS.Module, 'exports'> {
  return {
    id: file,
    path: '',
    filename: file,
    loaded: true,
    children: [],
    paths: [],
    isPreloading: false,
    parent: null,
    require: createRequire(file),
  };
}

/** Has every property that the module has, which is loaded at the first that is read. */
function later(load: () => object): object {
  return new Proxy({}, { get: (_, name) => Reflect.get(load(), name) as unknown });
}
