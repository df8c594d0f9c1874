import { beforeEach, describe, expect, test } from 'vitest';
import type { Session } from '../../../src/seams/driver.ts';
import type { History, HistoryRow, Journal, JournalEntry } from '../../../src/seams/records.ts';
import { failure, type DriverWorld, type TestDatabase } from './world.ts';

const one: HistoryRow = { version: '1', name: '001_one', appliedOn: '2026-11-20T10:00:00.000Z', checksum: 'sha256:11' };
// Applied later, by a deployer whose clock is behind.
const two: HistoryRow = { version: '2', name: '002_two', appliedOn: '2026-11-20T09:00:00.000Z', checksum: 'sha256:22' };
const entry: JournalEntry = {
  run: 'r1',
  epoch: 3,
  host: 'here',
  pid: 7,
  phase: 'started',
  at: '2026-11-20T10:00:00.000Z',
};

export function recordTests(world: () => DriverWorld): void {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await world().makeDatabase();
  });
  const using = async <T>(body: (session: Session) => Promise<T>): Promise<T> => {
    await using connection = await world().driver.open(database.target);
    return await body(connection);
  };
  const onHistory = <T>(body: (history: History) => Promise<T>): Promise<T> =>
    using((session) => body(world().driver.history(session)));
  const onJournal = <T>(body: (journal: Journal) => Promise<T>): Promise<T> =>
    using((session) => body(world().driver.journal(session)));

  describe('the history', () => {
    test('is empty in a database without it, and reading creates nothing', async () => {
      expect(await onHistory((history) => history.rows())).toEqual([]);
      expect(await onHistory((history) => history.row('001_one'))).toBeUndefined();
      expect(await onHistory((history) => history.text('sha256:11'))).toBeUndefined();
      await onHistory((history) => history.remove('001_one'));
      await database.run('CREATE TABLE _schema_history (id INTEGER)');
    });

    test('gives rows in the order in which they were recorded, whatever the clocks said', async () => {
      await onHistory((history) => history.record(one, 'text of one'));
      await onHistory((history) => history.record(two, 'text of two'));
      expect(await onHistory((history) => history.rows())).toEqual([one, two]);
    });

    test('gives the row of one name', async () => {
      await onHistory((history) => history.record(one, 'text of one'));
      await onHistory((history) => history.record(two, 'text of two'));
      expect(await onHistory((history) => history.row(two.name))).toEqual(two);
      expect(await onHistory((history) => history.row('nobody'))).toBeUndefined();
    });

    test('keeps every text that was applied', async () => {
      await onHistory((history) => history.record(one, "it's; 'one'\n"));
      await onHistory((history) => history.record({ ...one, checksum: 'sha256:12' }, 'newer'));
      expect(await onHistory((history) => history.text('sha256:11'))).toBe("it's; 'one'\n");
      expect(await onHistory((history) => history.text('sha256:12'))).toBe('newer');
      expect(await onHistory((history) => history.text('sha256:99'))).toBeUndefined();
    });

    test('replaces the row of a name and leaves it in its place', async () => {
      await onHistory((history) => history.record(one, 'a'));
      await onHistory((history) => history.record(two, 'b'));
      const newer = { ...one, checksum: 'sha256:13', appliedOn: '2026-11-21T10:00:00.000Z' };
      await onHistory((history) => history.record(newer, 'c'));
      expect(await onHistory((history) => history.rows())).toEqual([newer, two]);
    });

    test('forgets the row that is removed and no other', async () => {
      await onHistory((history) => history.record(one, 'a'));
      await onHistory((history) => history.record(two, 'b'));
      await onHistory((history) => history.remove('001_one'));
      await onHistory((history) => history.remove('nobody'));
      expect(await onHistory((history) => history.rows())).toEqual([two]);
    });

    test('is a table with the columns that are promised', async () => {
      await onHistory((history) => history.record(one, 'a'));
      expect(await database.rows('SELECT version, name, applied_on, checksum FROM _schema_history')).toEqual([
        Object.values(one),
      ]);
    });

    test.each([
      [
        "another tool's",
        'version INTEGER PRIMARY KEY, name TEXT, applied_on TEXT, checksum TEXT',
        /TrailBase or refinery/,
      ],
      [
        'nobody knows whose',
        'id INTEGER PRIMARY KEY, script TEXT',
        /that Forerun did not make: its columns are id, script,/,
      ],
    ])('is refused, and not touched, where the table is %s', async (_whose, columns, message) => {
      await database.run(`CREATE TABLE _schema_history (${columns})`);
      for (const act of [
        (history: History) => history.rows(),
        (history: History) => history.row('001_one'),
        (history: History) => history.record(one, 'a'),
        (history: History) => history.remove('001_one'),
      ]) {
        const error = await failure(onHistory<unknown>(act));
        expect(error.code).toBe('FOREIGN_HISTORY');
        expect(error.message).toContain('_schema_history');
        expect(error.message).toMatch(message);
      }
      expect(await database.rows('SELECT * FROM _schema_history')).toEqual([]);
    });
  });

  describe('the journal', () => {
    test('is empty in a database without it, and reading creates nothing', async () => {
      expect(await onJournal((journal) => journal.read('main'))).toBeUndefined();
      await database.run('CREATE TABLE _forerun_journal (id INTEGER)');
    });

    test('keeps one entry for each database, as it was written last', async () => {
      const later: JournalEntry = {
        ...entry,
        phase: 'promoting',
        migration: "001_it's",
        checksum: 'sha256:11',
        stretch: { index: 2, of: 3, alone: true, sql: "SELECT 'it''s'", line: 4, done: false },
        checkpoint: 'c1',
      };
      await onJournal((journal) => journal.write('main', entry));
      await onJournal((journal) => journal.write('main', later));
      await onJournal((journal) => journal.write('other', entry));
      expect(await onJournal((journal) => journal.read('main'))).toEqual(later);
      expect(await onJournal((journal) => journal.read('other'))).toEqual(entry);
    });

    test('of a copy is not about the copy', async () => {
      const { driver, copyOf } = world();
      const identity = await driver.identity(database.target);
      await onJournal((journal) => journal.write(identity, entry));
      const copy = await copyOf(database.target);
      await using connection = await driver.open(copy);
      expect(await driver.journal(connection).read(await driver.identity(copy))).toBeUndefined();
      expect(await driver.journal(connection).read(identity)).toEqual(entry);
    });

    test.each([
      ['a newer format', 'UPDATE _forerun_journal SET format = 99', /format 99/],
      ['no JSON', "UPDATE _forerun_journal SET entry = 'secret'", /journal entry/],
      ['JSON that is no entry', `UPDATE _forerun_journal SET entry = '{"run":"secret"}'`, /journal entry/],
      [
        'a phase that does not exist',
        `UPDATE _forerun_journal SET entry = replace(entry, 'started', 'secret')`,
        /journal entry/,
      ],
    ])('with %s is refused, naming the table and no value', async (_, sql, message) => {
      await onJournal((journal) => journal.write('main', entry));
      await database.run(sql);
      const error = await failure(onJournal((journal) => journal.read('main')));
      expect(error.code).toBe('FOREIGN_HISTORY');
      expect(error.message).toMatch(message);
      expect(error.message).toContain('_forerun_journal');
      expect(JSON.stringify([String(error), error, String(error.cause)])).not.toContain('secret');
    });

    test("is refused where the table is somebody else's", async () => {
      await database.run('CREATE TABLE _forerun_journal (id INTEGER)');
      expect((await failure(onJournal((journal) => journal.read('main')))).code).toBe('FOREIGN_HISTORY');
      expect((await failure(onJournal((journal) => journal.write('main', entry)))).code).toBe('FOREIGN_HISTORY');
    });
  });
}
