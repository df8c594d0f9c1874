import { describe, expect, test } from 'vitest';
import { objectsIn, recorded, type DriverWorld } from './world.ts';

/** Tables that a framework keeps its own record in. */
export function leavingOutTests(world: () => DriverWorld): void {
  describe('the driver that leaves a table out', () => {
    const left = "it's kept";
    const quoted = `"${left}"`;

    test('has no part of it in the schema or among the tables, and all else', async () => {
      const { driver, dialect, makeDatabase } = world();
      const { target, run } = await makeDatabase();
      await run('CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)');
      await using connection = await driver.open(target);
      const before = await driver.schema(connection);
      await run(`CREATE TABLE ${quoted} (id ${dialect.counter}, name TEXT UNIQUE)`);
      await run(`CREATE INDEX by_kept ON ${quoted} (name, id)`);
      const leaving = driver.leavingOut([left]);
      expect(objectsIn(await leaving.schema(connection))).toEqual(['table notes']);
      expect([...(await leaving.schema(connection))]).toEqual([...before]);
      expect((await leaving.tables(connection)).map(({ table }) => table)).toEqual([dialect.shown('notes')]);
      expect((await driver.tables(connection)).length).toBe(2);
    });

    test('says nothing of its rows in the evidence and in a comparison', async () => {
      const { driver, dialect, makeDatabase, copyOf } = world();
      const { target, run } = await makeDatabase();
      await run(`CREATE TABLE notes (id INTEGER PRIMARY KEY); CREATE TABLE ${quoted} (name TEXT);
        INSERT INTO notes VALUES (1); INSERT INTO ${quoted} VALUES ('a')`);
      const before = await copyOf(target);
      const leaving = driver.leavingOut([left]);
      const attempt = recorded();
      await using observer = await leaving.observe(target);
      await observer.begin();
      await leaving.script(`DELETE FROM notes; DELETE FROM ${quoted}`)(target, attempt);
      const gone = { table: dialect.shown('notes'), rowsBefore: 1, rowsAfter: 0 };
      const { tables } = await observer.finish(attempt.statements);
      expect(tables).toEqual([expect.objectContaining(gone)]);
      expect((await leaving.compare(before, target)).tables).toEqual([expect.objectContaining(gone)]);
    });

    test('still leaves out what Forerun keeps itself, of a run too', async () => {
      const { driver, dialect, makeDatabase } = world();
      const { target, run } = await makeDatabase();
      await run(`CREATE TABLE notes (id INTEGER PRIMARY KEY); CREATE TABLE ${quoted} (name TEXT)`);
      const leaving = driver.leavingOut([left]);
      await leaving.transaction(target, recorded(), async (connection) => {
        await leaving
          .history(connection)
          .record({ version: '1', name: 'a', appliedOn: '2026-11-20T10:00:00.000Z', checksum: 'sha256:00' }, '');
      });
      const ofRun = leaving.forRun?.('run-1') ?? leaving;
      await using connection = await ofRun.open(target);
      expect((await ofRun.tables(connection)).map(({ table }) => table)).toEqual([dialect.shown('notes')]);
    });
  });
}
