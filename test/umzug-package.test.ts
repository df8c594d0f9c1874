import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { umzugWithoutCommandLine } from '../src/umzug-package.ts';

const require = createRequire(import.meta.url);
const isLoaded = (): boolean => require.cache[require.resolve('umzug/lib/cli.js')] !== undefined;

test("Umzug's command line is loaded when it is asked for, and works", async () => {
  const { Umzug } = umzugWithoutCommandLine();
  expect(isLoaded()).toBe(false);
  const applied: string[] = [];
  const umzug = new Umzug({
    migrations: [{ name: 'one', up: async ({ name }) => void applied.push(name) }],
    storage: { logMigration: async () => {}, unlogMigration: async () => {}, executed: async () => [] },
    logger: undefined,
  });
  expect(await umzug.runAsCLI(['up'])).toBe(true);
  expect(applied).toEqual(['one']);
  expect(isLoaded()).toBe(true);
  expect((require('umzug') as typeof import('umzug')).Umzug).toBe(Umzug);
});
