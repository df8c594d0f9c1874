import type { Client } from 'pg';
import { Umzug, type RunnableMigration } from 'umzug';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { repair } from '../../src/index.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { onClient, postgresProject, safe } from './fixtures/umzug/postgres.ts';
import { refusal } from './fixtures/umzug/safe.ts';

/** Runs statements one by one, as a migration does that uses a client of pg. */
function statements(name: string, up: readonly string[], down?: string): RunnableMigration<Client> {
  return {
    name,
    async up({ context }) {
      for (const statement of up) await context.query(statement);
    },
    ...(down === undefined ? {} : { down: async ({ context }) => void (await context.query(down)) }),
  };
}

const premium = statements(
  '001_premium',
  ['ALTER TABLE users ADD COLUMN premium boolean NOT NULL DEFAULT false'],
  'ALTER TABLE users DROP COLUMN premium',
);
/** Its one row says by which transaction it was made. */
const suppliers = statements(
  '002_suppliers',
  ['CREATE TABLE suppliers AS SELECT pg_current_xact_id()::xid::text AS transaction'],
  'DROP TABLE suppliers',
);

describe.each([15, 18] as const)('migrations on our client of PostgreSQL %i', (version) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ version });
  });
  afterAll(() => server?.stop());

  test('go up and down, safe and plain, each in one transaction with its history row', async () => {
    const project = await postgresProject(server);
    const umzug = safe(project, onClient, [premium, suppliers]);
    expect(umzug).toBeInstanceOf(Umzug);
    const together = `SELECT h.xmin::text = s.transaction FROM suppliers AS s, _schema_history AS h WHERE h.name = '002_suppliers'`;

    const result = await umzug.safeUp();

    expect(result).toMatchObject({ outcome: 'promoted', exitCode: 0 });
    expect(result.migrations).toMatchObject([
      { promotion: 'replay', evidence: { down: { restoresSchema: true, restoresData: true } } },
      { promotion: 'replay' },
    ]);
    // Nothing of ours keeps main open while it is copied.
    expect(result.copies.map(({ way }) => way)).not.toContain('dump');
    expect(await project.read(together)).toEqual([true]);
    expect((await umzug.executed()).map(({ name }) => name)).toEqual(['001_premium', '002_suppliers']);

    expect(await umzug.down({ safe: true })).toEqual([{ name: '002_suppliers' }]);
    expect(await project.tables()).toEqual(['users']);
    expect((await umzug.pending()).map(({ name }) => name)).toEqual(['002_suppliers']);

    expect(await umzug.up()).toMatchObject([{ name: '002_suppliers' }]);
    expect(await project.read(together)).toEqual([true]);
    expect(await umzug.down()).toMatchObject([{ name: '002_suppliers' }]);
    expect(await project.read('SELECT name FROM _schema_history')).toEqual(['001_premium']);
    expect(await project.tables()).toEqual(['users']);
  });

  test('that take and change rows are told of by one rehearsal on one branch', async () => {
    const project = await postgresProject(server);
    const carol = statements('001_carol', [`INSERT INTO users VALUES (3, 'carol@example.com')`]);
    const gone = statements('002_gone', [`DELETE FROM users WHERE id > 1`]);

    const result = await safe(project, onClient, [carol, gone]).safeUp();

    expect(result).toMatchObject({ outcome: 'blocked' });
    expect(result.migrations.map(({ evidence }) => evidence?.tables)).toMatchObject([
      [{ table: 'public.users', rowsBefore: 2, rowsAdded: 1 }],
      [{ table: 'public.users', rowsBefore: 3, rowsGone: 2 }],
    ]);
    expect(result.copies.filter(({ kind }) => kind === 'branch')).toHaveLength(1);
  });

  test('that fail leave nothing on main, safe or plain, and no value of it is told', async () => {
    const bad = statements('002_bad', [
      'CREATE TABLE half (i int)',
      'ALTER TABLE users ALTER email TYPE int USING email::int',
    ]);
    const project = await postgresProject(server);
    const umzug = safe(project, onClient, [premium, bad]);
    const error = await refusal(umzug.up({ safe: true }));
    expect(error.message).toBe('Nothing was promoted. 002_bad: invalid input syntax for type integer: "…" (22P02)');
    expect(error.next).toContain('Main is as it was');
    expect(JSON.stringify(error.details)).not.toContain('alice');
    await expect(umzug.up()).rejects.toThrow('Migration 002_bad (up) failed');
    expect(await project.tables()).toEqual(['users']);
    expect(await project.read('SELECT name FROM _schema_history')).toEqual(['001_premium']);
  });
});

describe('a migration on our client that ends our transaction', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());

  test.each([
    ['by COMMIT', ['CREATE TABLE a (i int)', 'COMMIT', 'CREATE TABLE b (i int)']],
    ['by ROLLBACK', ['ROLLBACK', 'CREATE TABLE a (i int)', 'CREATE TABLE b (i int)']],
    ['by one of its own', ['BEGIN', 'CREATE TABLE a (i int)', 'CREATE TABLE b (i int)', 'COMMIT']],
  ])('%s is noticed, and journalled on main', async (_how, up) => {
    const project = await postgresProject(server);
    const umzug = safe(project, onClient, [statements('001_ends', up), suppliers]);
    const result = await umzug.safeUp();
    expect(result).toMatchObject({
      outcome: 'promoted',
      migrations: [{ promotion: 'journalled' }, { promotion: 'replay' }],
    });
    expect(result.findings).toContainEqual({
      gate: 'rehearsal',
      severity: 'note',
      migration: '001_ends',
      message: expect.stringContaining('ends the transaction that it is given (COMMIT or ROLLBACK)') as string,
    });
    expect(await project.tables()).toEqual(['a', 'b', 'suppliers', 'users']);
    expect(await project.read('SELECT name FROM _schema_history ORDER BY 1')).toEqual(['001_ends', '002_suppliers']);
    expect(await umzug.pending()).toEqual([]);
  });

  test('and fails on main alone needs a person, who is told where main is, and whose word is taken', async () => {
    const project = await postgresProject(server);
    const ends = statements('001_ends', [
      'CREATE TABLE a (i int)',
      'COMMIT',
      'CREATE UNIQUE INDEX one ON users (email)',
    ]);
    const umzug = safe(project, onClient, [ends]);
    const another = async (): Promise<void> => {
      await project.query("INSERT INTO users VALUES (3, 'alice@example.com')");
    };
    umzug.on('migrating', another);

    const result = await umzug.safeUp();

    expect(result).toMatchObject({ outcome: 'needs-person', exitCode: 4, error: { code: 'NEEDS_PERSON' } });
    expect(result.error?.message).toBe(
      '001_ends ran on main without a transaction of ours, and failed (could not create unique index "one", 23505): a part of it may be committed, without its history row.',
    );
    expect(result.error?.next).toContain('forerun baseline 001_ends');
    expect(JSON.stringify(result)).not.toContain('alice');
    expect(await project.tables()).toEqual(['a', 'users']);

    umzug.off('migrating', another);
    const next = await umzug.safeUp();
    expect(next).toMatchObject({ exitCode: 4, error: { code: 'NEEDS_PERSON' } });
    expect(next.error?.message).toContain('A run ended in the middle of 001_ends');
    await project.query('DROP TABLE a; DELETE FROM users WHERE id = 3');
    await repair(umzug.config, '001_ends', 'undone by hand');
    expect(await umzug.safeUp()).toMatchObject({ outcome: 'promoted' });
    expect(await project.tables()).toEqual(['a', 'users']);
  });

  test('is refused by a plain up, in words that say that a part of it may be on main', async () => {
    const project = await postgresProject(server);
    const umzug = safe(project, onClient, [statements('001_ends', ['CREATE TABLE a (i int)', 'COMMIT'])]);
    const error: unknown = await umzug.up().catch((thrown: unknown) => thrown);
    expect(String(error)).toContain('a part of it may be committed, without its history row');
    expect(await project.tables()).toEqual(['a', 'users']);
  });
});
