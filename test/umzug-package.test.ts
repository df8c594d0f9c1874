import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { umzugWithoutCommandLine } from '../src/umzug-package.ts';

const require = createRequire(import.meta.url);
const isLoaded = (): boolean => require.cache[require.resolve('umzug/lib/cli.js')] !== undefined;

test("Umzug's command line is loaded when it is asked for, and is Umzug's own", () => {
  const { Umzug } = umzugWithoutCommandLine();
  expect(isLoaded()).toBe(false);
  const umzug = new Umzug({ migrations: [], logger: undefined });
  expect(umzug.getCli()).toBeInstanceOf((require('umzug') as typeof import('umzug')).UmzugCLI);
  expect(isLoaded()).toBe(true);
  expect((require('umzug') as typeof import('umzug')).Umzug).toBe(Umzug);
});
