import { Client, Pool } from 'pg';
import { SequelizeStorage, Umzug, type RunnableMigration, type UmzugStorage } from 'umzug';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rollback } from '../../src/index.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import {
  onClient,
  onPool,
  onSequelize,
  postgresProject,
  safe,
  Sequelize,
  type QueryInterface,
} from './fixtures/umzug/postgres.ts';

const integer = { type: 'INTEGER' };
const orders: RunnableMigration<QueryInterface> = {
  name: '001_orders',
  up: ({ context }) => context.createTable('orders', { id: integer, buyer: integer }),
  down: ({ context }) => context.dropTable('orders'),
};
const unique: RunnableMigration<QueryInterface> = {
  name: '002_unique',
  up: ({ context }) => context.addIndex('users', { fields: ['email'], unique: true, name: 'one' }),
  down: ({ context }) => context.removeIndex('users', 'one'),
};
/** Two steps, the second of which may fail. */
const both: RunnableMigration<QueryInterface> = {
  name: '001_both',
  async up({ context }) {
    await context.createTable('orders', { id: integer });
    await context.addIndex('users', { fields: ['email'], unique: true, name: 'one' });
  },
};

const history = 'SELECT name FROM _schema_history ORDER BY name';
const meta = 'SELECT name FROM "SequelizeMeta" ORDER BY name';

describe.each([15, 18] as const)('migrations on a connection of their own, on PostgreSQL %i', (version) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ version });
  });
  afterAll(() => server?.stop());

  test('by Sequelize are rehearsed on the branch, journalled on main, and go down again', async () => {
    const project = await postgresProject(server);
    const umzug = safe(project, onSequelize, [orders, unique]);

    const result = await umzug.safeUp();

    expect(result).toMatchObject({ outcome: 'promoted', exitCode: 0 });
    expect(result.migrations).toMatchObject([
      { promotion: 'journalled', evidence: { down: { restoresSchema: true, restoresData: true } } },
      { promotion: 'journalled', evidence: { down: { restoresSchema: true, restoresData: true } } },
    ]);
    expect(await project.tables()).toEqual(['orders', 'users']);
    expect(await project.read(history)).toEqual(['001_orders', '002_unique']);
    expect((await umzug.executed()).map(({ name }) => name)).toEqual(['001_orders', '002_unique']);
    expect(await umzug.pending()).toEqual([]);
    expect(await umzug.down({ safe: true, to: 0 })).toEqual([{ name: '002_unique' }, { name: '001_orders' }]);
    expect(await project.tables()).toEqual(['users']);
    expect(await project.read(history)).toEqual([]);
  });
});

describe('migrations on a connection of their own', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());

  test('by a pool that is closed are rehearsed on the branch and journalled on main', async () => {
    const project = await postgresProject(server);
    const umzug = safe<Pool>(project, onPool, [
      {
        name: '001_names',
        async up({ context }) {
          await context.query('ALTER TABLE users ADD COLUMN name text');
          await context.query("UPDATE users SET name = split_part(email, '@', 1)");
        },
        down: async ({ context }) => void (await context.query('ALTER TABLE users DROP COLUMN name')),
      },
    ]);
    expect(await umzug.safeUp()).toMatchObject({
      outcome: 'promoted',
      migrations: [{ promotion: 'journalled', evidence: { down: { restoresSchema: true, restoresData: true } } }],
    });
    expect(await project.read('SELECT name FROM users ORDER BY id')).toEqual(['alice', 'bob']);
    expect(await umzug.pending()).toEqual([]);
  });

  test('by a pool that nobody closes are refused, with the lines that close it', async () => {
    const project = await postgresProject(server);
    const context = ({ variable }: { variable: string }): Pool => {
      const pool = new Pool({ connectionString: variable, idleTimeoutMillis: 2000 });
      pool.on('error', () => expect.unreachable('the pool was cut off'));
      return pool;
    };
    const up: RunnableMigration<Pool>['up'] = ({ context }) => context.query('CREATE TABLE a (i int)');
    const result = await safe<Pool>(project, context, [{ name: '001_a', up }]).safeUp();
    expect(result).toMatchObject({ outcome: 'failed', error: { code: 'NOT_REHEARSABLE' } });
    expect(result.error?.next).toContain('close: () => pool.end()');
    expect(await project.tables()).toEqual(['users']);
  });

  test('that fail are blocked, with the words of the server, and main is as it was', async () => {
    const project = await postgresProject(server);
    await project.query("INSERT INTO users VALUES (3, 'alice@example.com')");
    const umzug = safe(project, onSequelize, [both]);
    const result = await umzug.safeUp();
    expect(result).toMatchObject({ outcome: 'blocked', exitCode: 3 });
    expect(result.findings.filter(({ severity }) => severity === 'block')).toMatchObject([
      { gate: 'applies', migration: '001_both', message: 'could not create unique index "one" (23505)' },
    ]);
    expect(JSON.stringify(result)).not.toContain('alice');
    expect(await project.tables()).toEqual(['users']);
    expect((await umzug.pending()).map(({ name }) => name)).toEqual(['001_both']);
  });

  test('that fail on main alone, before they changed it, leave it as it was', async () => {
    const project = await postgresProject(server);
    const umzug = safe(project, onSequelize, [orders, unique]);
    umzug.on('migrating', async ({ name }) => {
      if (name === unique.name) await project.query("INSERT INTO users VALUES (3, 'alice@example.com')");
    });
    const result = await umzug.safeUp();
    expect(result).toMatchObject({ outcome: 'partly-promoted', exitCode: 3 });
    expect(result.findings).toContainEqual(
      expect.objectContaining({ gate: 'promotion', message: 'could not create unique index "one" (23505)' }),
    );
    expect(await project.read(history)).toEqual(['001_orders']);
    expect(await project.tables()).toEqual(['orders', 'users']);
    await project.query('DELETE FROM users WHERE id = 3');
    umzug.clearListeners();
    expect(await umzug.safeUp()).toMatchObject({ outcome: 'promoted', migrations: [{ name: unique.name }] });
  });

  test('that fail on main alone, half-way, need a person, who is told where main is', async () => {
    const project = await postgresProject(server);
    const umzug = safe(project, onSequelize, [both]);
    umzug.on('migrating', async () => {
      await project.query("INSERT INTO users VALUES (3, 'alice@example.com')");
    });
    const result = await umzug.safeUp();
    expect(result).toMatchObject({ outcome: 'needs-person', exitCode: 4, error: { code: 'NEEDS_PERSON' } });
    expect(result.error?.message).toBe(
      '001_both ran on main without a transaction of ours, and failed (could not create unique index "one", 23505): a part of it may be committed, without its history row.',
    );
    expect(await project.tables()).toEqual(['orders', 'users']);
    expect((await umzug.pending()).map(({ name }) => name)).toEqual(['001_both']);
  });

  test('that go for main are found out, named, and left to a person', async () => {
    const project = await postgresProject(server);
    const leak = async (): Promise<void> => {
      await project.query("INSERT INTO users SELECT max(id) + 1, 'eve@example.com' FROM users");
    };
    const umzug = safe(project, onClient, [{ name: '001_leak', up: leak }]);
    const result = await umzug.safeUp();
    expect(result).toMatchObject({ outcome: 'needs-person', exitCode: 4, error: { code: 'NEEDS_PERSON' } });
    expect(result.error?.message).toContain('001_leak changed data on main while it ran on a branch');
    expect(result.copies.filter(({ kind }) => kind === 'checkpoint')).toHaveLength(1);
    expect(await project.read('SELECT count(*)::int FROM users')).toEqual([3]);

    // Where others have main open, it may have been they.
    const application = new Client({ connectionString: project.url });
    await application.connect();
    const again = await umzug.safeUp();
    expect(again.findings).toContainEqual({
      gate: 'isolation',
      severity: 'note',
      migration: '001_leak',
      message: expect.stringContaining('that it was not the migration cannot be proved') as string,
    });
    await application.end();
  });

  test('are rehearsed on dumps while an application has main open, which is said', async () => {
    const project = await postgresProject(server);
    const application = new Client({ connectionString: project.url, application_name: 'shop' });
    await application.connect();
    const told: string[] = [];
    const result = await safe(project, onClient, [
      { name: '001_a', up: async ({ context }) => void (await context.query('CREATE TABLE a (i int)')) },
    ]).safeUp({ onEvent: (event) => void (event.type === 'told' && told.push(event.message)) });
    expect(result).toMatchObject({ outcome: 'promoted' });
    expect(result.copies.map(({ way }) => way)).toContain('dump');
    expect(told).toEqual([expect.stringMatching(/^Copies are made by dump .*somebody is connected: pid \d+ "shop"/)]);
    await application.end();
  });
});

describe('a storage of Sequelize on main', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());

  test('is adopted, kept true up, down and back, and never touched by a rehearsal', async () => {
    const project = await postgresProject(server);
    const sequelize = new Sequelize(project.url, { logging: false });
    const storage = new SequelizeStorage({ sequelize: sequelize as never });
    const seen: string[] = [];
    const watched: UmzugStorage<QueryInterface> = {
      executed: () => storage.executed(),
      unlogMigration: (params) => storage.unlogMigration(params),
      async logMigration(params) {
        seen.push(`logged ${params.name}`);
        await storage.logMigration(params);
      },
    };
    await new Umzug<QueryInterface>({
      migrations: [orders],
      storage,
      context: sequelize.getQueryInterface(),
      logger: undefined,
    }).up();
    const umzug = safe(project, onSequelize, { migrations: [orders, unique], storage: watched, logger: undefined });
    const records = async (): Promise<unknown[]> => [await project.read(history), await project.read(meta)];

    const result = await umzug.safeUp({
      onEvent: (event) => void (/^(?:rehearsed|promoted)$/.test(event.type) && seen.push(event.type)),
    });

    expect(result.migrations).toMatchObject([{ name: unique.name, promotion: 'journalled' }]);
    expect(seen).toEqual(['rehearsed', 'promoted', 'logged 002_unique']);
    expect(result.findings.filter(({ gate }) => gate === 'adoption')).toMatchObject([
      { severity: 'note', message: expect.stringContaining('001_orders') as string },
    ]);
    const all = ['001_orders', '002_unique'];
    expect(await records()).toEqual([all, all]);

    await umzug.down({ safe: true });
    expect(await records()).toEqual([['001_orders'], ['001_orders']]);
    await umzug.up();
    expect(await records()).toEqual([all, all]);
    await umzug.down();
    expect(await records()).toEqual([['001_orders'], ['001_orders']]);

    const again = await umzug.safeUp();
    await rollback(umzug.config, again.migrations[0]?.checkpoint ?? '');
    expect(await records()).toEqual([['001_orders'], ['001_orders']]);
    expect((await umzug.pending()).map(({ name }) => name)).toEqual(['002_unique']);
    await sequelize.close();
  });
});
