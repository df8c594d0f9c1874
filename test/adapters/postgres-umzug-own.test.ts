import { Client, Pool } from 'pg';
import type { RunnableMigration } from 'umzug';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { template } from '../../src/providers/template.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { onClient, onPool, postgresProject, safe, type PostgresProject } from './fixtures/umzug/postgres.ts';
import { integer, onSequelize, orders, unique, type QueryInterface } from './fixtures/umzug/sequelize.ts';

/** Two steps, the second of which may fail. */
const both: RunnableMigration<QueryInterface> = {
  name: '001_both',
  async up({ context }) {
    await context.createTable('orders', { id: integer });
    await context.addIndex('users', { fields: ['email'], unique: true, name: 'one' });
  },
};

const history = 'SELECT name FROM _schema_history ORDER BY name';

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
    expect(await umzug.down({ safe: true })).toEqual([{ name: '002_unique' }]);
    expect(await project.read(history)).toEqual(['001_orders']);
    expect((await umzug.pending()).map(({ name }) => name)).toEqual(['002_unique']);
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
    const told: string[] = [];
    const tell = (event: string, context: Pool): Promise<void> =>
      context.query('SELECT current_database() AS name').then(({ rows }) => void told.push(event, rows[0]?.name));
    for (const event of ['beforeCommand', 'migrating', 'migrated', 'afterCommand'] as const)
      umzug.on(event, ({ context }) => tell(event, context));

    expect(await umzug.safeUp()).toMatchObject({
      outcome: 'promoted',
      migrations: [{ promotion: 'journalled', evidence: { down: { restoresSchema: true, restoresData: true } } }],
    });

    const main = new URL(project.url).pathname.slice(1);
    expect(told).toEqual(['beforeCommand', main, 'migrating', main, 'migrated', main, 'afterCommand', main]);
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
    expect(result.error?.message).toContain('While 001_leak ran on a branch, main was written');
    expect(result.copies.filter(({ kind }) => kind === 'checkpoint')).toHaveLength(1);
    expect(await project.read('SELECT count(*)::int FROM users')).toEqual([3]);

    // Where others have main open, it may have been they.
    await openedBy('shop', project);
    const again = await umzug.safeUp();
    expect(again.findings).toContainEqual({
      gate: 'isolation',
      severity: 'note',
      migration: '001_leak',
      message: expect.stringContaining('that it was not the migration cannot be proved') as string,
    });
  });

  test('are rehearsed on dumps while an application has main open, which is said; or told who has it', async () => {
    const project = await postgresProject(server);
    await openedBy('shop', project);
    const migrations: RunnableMigration<Client>[] = [
      { name: '001_a', up: async ({ context }) => void (await context.query('CREATE TABLE a (i int)')) },
    ];
    const refused = await safe(project, onClient, migrations, { provider: template() }).safeUp();
    expect(refused).toMatchObject({ outcome: 'failed', exitCode: 1, error: { code: 'PROVIDER_FAILED' } });
    expect(refused.error?.message).toMatch(
      /^One session is connected to .*: pid \d+ "shop" \(user postgres, from [^)]*\)\.$/,
    );
    expect(refused.error?.next).toContain('connection pools included');
    const told: string[] = [];
    const result = await safe(project, onClient, migrations).safeUp({
      onEvent: (event) => void (event.type === 'told' && told.push(event.message)),
    });
    expect(result).toMatchObject({ outcome: 'promoted' });
    expect(result.copies.map(({ way }) => way)).toContain('dump');
    expect(told).toEqual([expect.stringMatching(/^Copies are made by dump .*somebody is connected: pid \d+ "shop"/)]);
  });
});

/** An application that has main open, and is idle, until the test is done. */
async function openedBy(application: string, { url }: PostgresProject): Promise<void> {
  const client = new Client({ connectionString: url, application_name: application });
  await client.connect();
  onTestFinished(() => client.end());
}
