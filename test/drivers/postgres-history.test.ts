import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { postgresHistory } from '../../src/drivers/postgres/history.ts';
import { postgresJournal } from '../../src/drivers/postgres/journal.ts';
import { postgresSchema } from '../../src/drivers/postgres/schema.ts';
import { postgresTables } from '../../src/drivers/postgres/tables.ts';
import type { HistoryRow, JournalEntry } from '../../src/seams/records.ts';
import { failure } from '../contracts/driver/world.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { sessionOn, type TestSession } from './fixtures/postgres-session.ts';

const row = (name: string, appliedOn: string, checksum = `sha256:${name}`): HistoryRow => ({
  version: name,
  name,
  appliedOn,
  checksum,
});
const one = row('1', '2026-11-20T10:00:00.000Z');
// Applied later, by a deployer whose clock is behind.
const two = row('2', '2026-11-20T09:00:00.000Z');
const entry: JournalEntry = {
  run: 'r1',
  epoch: 3,
  host: 'here',
  pid: 7,
  phase: 'promoting',
  migration: "001_it's",
  stretch: { index: 2, of: 3, alone: true, sql: 'VACUUM', line: 4, done: false },
  checkpoint: 'c1',
  at: '2026-11-20T10:00:00.000Z',
};

describe.each([15, 18] as const)('on PostgreSQL %i', (version) => {
  let server: PostgresServer;
  let session: TestSession;
  beforeAll(async () => {
    server = await startPostgres({ version });
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    session = await sessionOn(await server.createDatabase());
  });
  afterEach(() => session[Symbol.asyncDispose]());

  describe('the history', () => {
    test('keeps rows in the order in which they were recorded, and texts', async () => {
      const history = postgresHistory(session);
      expect(await history.rows()).toEqual([]);
      expect(await history.row('1')).toBeUndefined();
      expect(await history.text(one.checksum)).toBeUndefined();
      await history.remove('1');
      expect(await session.query(`SELECT FROM pg_class WHERE relname ~ '^_(schema|forerun)'`)).toEqual([]);
      await history.record(one, "it's; 'one'\n");
      await history.record(two, 'two');
      expect(await history.rows()).toEqual([one, two]);
      expect(await history.row('2')).toEqual(two);
      expect(await history.text(one.checksum)).toBe("it's; 'one'\n");
      expect(
        await session.query(`SELECT attname::text AS name, format_type(atttypid, NULL) AS type, attnotnull AS required
                               FROM pg_attribute WHERE attrelid = 'public._schema_history'::regclass AND attnum > 0`),
      ).toEqual(['version', 'name', 'applied_on', 'checksum'].map((name) => ({ name, type: 'text', required: true })));
    });

    test('leaves a replaced row in its place, and puts one that was removed and applied again last', async () => {
      const history = postgresHistory(session);
      for (const each of [one, two]) await history.record(each, 'x');
      const newer = row('1', '2026-11-21T10:00:00.000Z', 'sha256:newer');
      await history.record(newer, 'newer');
      expect(await history.rows()).toEqual([newer, two]);
      await history.record(one, 'x');
      expect(await history.rows()).toEqual([one, two]);
      await history.remove('1');
      await history.record(one, 'x');
      expect(await history.rows()).toEqual([two, one]);
      expect(await history.text('sha256:newer')).toBe('newer');
    });

    test('keeps the order of migrations with the same content', async () => {
      const history = postgresHistory(session);
      const rows = ['b', 'a', 'c'].map((name) => row(name, one.appliedOn, 'sha256:same'));
      for (const each of rows) await history.record(each, 'same');
      expect(await history.rows()).toEqual(rows);
      await history.remove('b');
      expect(await history.text('sha256:same')).toBe('same');
    });

    test('puts rows that somebody else wrote where their clock says', async () => {
      const history = postgresHistory(session);
      const rows = [
        row('b', '2026-01-02T00:00:00Z'),
        row('d', '2026-01-04T00:00:00Z'),
        row('e', '2026-01-03T00:00:00Z'),
      ];
      for (const each of rows) await history.record(each, 'x');
      await session.run(
        `INSERT INTO _schema_history VALUES ('c', 'c', '2026-01-02T12:00:00Z', 'x'), ('a', 'a', '2026-01-01T00:00:00Z', 'x')`,
      );
      expect((await history.rows()).map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd', 'e']);
      await session.run('DROP TABLE _forerun_texts');
      expect((await history.rows()).map(({ name }) => name)).toEqual(['a', 'b', 'c', 'e', 'd']);
      expect(await history.text('x')).toBeUndefined();
    });

    test('is where it is configured, whatever the search_path', async () => {
      await session.run('CREATE SCHEMA "My Ops"; SET search_path = pg_temp');
      await postgresHistory(session, 'My Ops').record(one, 'x');
      await postgresJournal(session, 'My Ops').write('main', entry);
      expect(await postgresHistory(session).rows()).toEqual([]);
      expect(await postgresHistory(session, 'My Ops').rows()).toEqual([one]);
      expect(await postgresJournal(session, 'My Ops').read('main')).toEqual(entry);
    });

    test('and the journal are in no schema text and no list of tables', async () => {
      const empty = await postgresSchema(session);
      await postgresHistory(session).record(one, 'x');
      await postgresJournal(session).write('main', entry);
      expect(await postgresSchema(session)).toEqual(empty);
      expect(await postgresTables(session)).toEqual([]);
    });

    test.each([
      [
        "another tool's",
        'version integer PRIMARY KEY, name text, applied_on text, checksum text',
        /TrailBase or refinery/,
      ],
      ['nobody knows whose', 'id integer PRIMARY KEY, script text', /its columns are id, script, and its key is id/],
      ['without a key', 'version text, name text, applied_on text, checksum text', /its key is none/],
    ])('is refused where the table is %s', async (_, columns, message) => {
      await session.run(`CREATE TABLE _schema_history (${columns})`);
      const history = postgresHistory(session);
      const acts = [
        () => history.rows(),
        () => history.row('1'),
        () => history.record(one, 'x'),
        () => history.remove('1'),
      ];
      for (const act of acts) {
        const error = await failure(act());
        expect(error.code).toBe('FOREIGN_HISTORY');
        expect(error.message).toMatch(message);
      }
    });
  });

  describe('the journal', () => {
    test('keeps one entry for each database, as it was written last', async () => {
      const journal = postgresJournal(session);
      expect(await journal.read('main')).toBeUndefined();
      await journal.write('main', { ...entry, phase: 'started' });
      await journal.write('main', entry);
      await journal.write('other', { ...entry, epoch: 9 });
      expect(await journal.read('main')).toEqual(entry);
      expect(await journal.read('other')).toEqual({ ...entry, epoch: 9 });
    });

    test.each([
      ['a newer format', 'UPDATE _forerun_journal SET format = 99', /format 99/],
      ['no JSON', "UPDATE _forerun_journal SET entry = 'secret'", /journal entry/],
      [
        'a phase that does not exist',
        `UPDATE _forerun_journal SET entry = replace(entry, 'promoting', 'secret')`,
        /journal entry/,
      ],
      ['other columns', 'DROP TABLE _forerun_journal; CREATE TABLE _forerun_journal (id integer)', /other columns/],
    ])('with %s is refused, naming the table and no value', async (_, sql, message) => {
      const journal = postgresJournal(session);
      await journal.write('main', entry);
      await session.run(sql);
      const error = await failure(journal.read('main'));
      expect(error.code).toBe('FOREIGN_HISTORY');
      expect(error.message).toMatch(message);
      expect(error.message).toContain('_forerun_journal');
      expect(JSON.stringify([String(error), error, String(error.cause)])).not.toContain('secret');
    });
  });
});
