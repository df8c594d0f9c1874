import { describe, expect, test } from 'vitest';
import { isForerunError } from '../../../src/error.ts';
import { failure, type DriverWorld } from './world.ts';

export function targetTests(world: () => DriverWorld): void {
  describe('an address', () => {
    test('names the same database in every form that the engine knows, and keeps its form for programs', async () => {
      const { driver, dialect, makeDatabase } = world();
      const { target } = await makeDatabase();
      for (const [address, form] of Object.entries(dialect.addresses(target))) {
        const read = driver.target(address);
        expect(read.url, address).toBe(target.url);
        expect(read.variable, address).toMatch(form);
        expect(driver.target(read.variable).url, address).toBe(target.url);
        expect(driver.target(read.url).url, address).toBe(target.url);
      }
    });

    test('of another engine is refused, without its password', () => {
      const { driver, dialect } = world();
      try {
        driver.target(dialect.foreignAddress);
        expect.unreachable();
      } catch (error) {
        expect(isForerunError(error, 'BAD_TARGET')).toBe(true);
        expect(JSON.stringify([String(error), error])).not.toContain('secret');
      }
    });

    test('leads to one identity for one database and to another for its copy', async () => {
      const { driver, makeDatabase, copyOf } = world();
      const { target } = await makeDatabase();
      const identity = await driver.identity(target);
      expect(await driver.identity(driver.target(target.variable))).toBe(identity);
      expect(await driver.identity(await copyOf(target))).not.toBe(identity);
    });
  });

  describe('examine', () => {
    test('is content with an empty database and with one that is used', async () => {
      const { driver, makeDatabase } = world();
      const database = await makeDatabase();
      await driver.examine(database.target);
      await database.run('CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)');
      await driver.examine(database.target);
    });

    test('says of everything that cannot be main what is wrong and what to do', async () => {
      const { driver, unusable } = world();
      for (const [what, target] of Object.entries(await unusable())) {
        const error = await failure(driver.examine(target));
        expect(error.code, `${what}: ${error.message}`).toMatch(/^(?:BAD_TARGET|UNREACHABLE)$/);
        expect(error.next, what).toMatch(/\w/);
      }
    });
  });
}
