import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { up } from '../../src/run.ts';
import type { RunResult } from '../../src/result.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { forerun, newShop, type Shop } from './postgres-shop.ts';
import { postgresWorlds } from './postgres-world.ts';
import { see, type NewWorld } from './world.ts';

describe.each([15, 18] as const)('on PostgreSQL %i, while others are at work', (version) => {
  let server: PostgresServer;
  let newWorld: NewWorld;
  beforeAll(async () => {
    server = await startPostgres({ version });
    newWorld = await postgresWorlds(server);
  });
  afterAll(() => server?.stop());

  const column = { '001_column.sql': 'ALTER TABLE users ADD COLUMN z TEXT;\n' };
  const index = { '001_index.sql': 'CREATE INDEX CONCURRENTLY users_by_name ON users (name);\n' };
  const shopWith = (files: Readonly<Record<string, string>>): Promise<Shop> => newShop(server, newWorld, files);
  const expectFinished = async ({ setup }: Shop): Promise<void> => {
    const next = await up(setup, { safe: true });
    expect(next, JSON.stringify(next)).toMatchObject({ outcome: 'promoted' });
  };

  test('a promotion that finds the table locked is begun again until it is free, and says by whom', async () => {
    await using shop = await shopWith(column);
    const told: string[] = [];
    const holder = holding(shop);
    const setup = await shop.deployer({ lockTimeoutMs: 100, tries: 20 }, () => holder.take());
    const result = await up(setup, {
      safe: true,
      async onEvent(event) {
        if (event.type !== 'told' || !event.message.includes('is held by')) return;
        told.push(event.message);
        await holder.release();
      },
    });
    expect(result, JSON.stringify(result)).toMatchObject({ outcome: 'promoted', exitCode: 0 });
    expect(told[0]).toMatch(
      /users is held by pid \d+ "the shop" of postgres, idle after .*UPDATE users SET name = \$1/,
    );
    expect(await shop.query('SELECT name, z FROM users WHERE id = 2')).toEqual([{ name: 'Robert', z: null }]);
  });

  test('a promotion that finds it locked for longer than all tries is rolled back, and the next one goes through', async () => {
    await using shop = await shopWith(column);
    const before = await see(shop.setup);
    const holder = holding(shop);
    const setup = await shop.deployer({ lockTimeoutMs: 100, tries: 2 }, () => holder.take());
    const result = await up(setup, { safe: true });
    await holder.release();
    expect(result, JSON.stringify(result)).toMatchObject({ outcome: 'rolled-back', exitCode: 3 });
    const said = messages(result).find((message) => message.includes('2 times over'));
    expect(said).toMatch(
      /A lock could not be had in time \(line 1 of .*\), 2 times over: users is held by pid \d+ "the shop"/,
    );
    expect(said).toMatch(/Wait for those sessions, or end them/);
    expect(await see(shop.setup)).toEqual({ ...before, users: expect.any(Array) as unknown[] });
    await expectFinished(shop);
    expect(await shop.query('SELECT name, z FROM users WHERE id = 2')).toEqual([{ name: 'Robert', z: null }]);
  });

  test.each([
    ['in one transaction', column],
    ['part by part', index],
  ])(
    'a promotion %s is refused where somebody has changed the schema since, and nothing of theirs is lost',
    async (_, files) => {
      await using shop = await shopWith(files);
      const theirs = "ALTER TABLE users ADD COLUMN theirs TEXT; UPDATE users SET theirs = 'x'";
      const setup = await shop.deployer({}, async () => void (await shop.query(theirs)));
      const result = await up(setup, { safe: true });
      expect(result, JSON.stringify(result)).toMatchObject({ outcome: 'rolled-back', exitCode: 3 });
      expect(messages(result).join()).toContain(
        "Main's schema is not what the rehearsal began with: somebody changed it",
      );
      expect(await shop.query('SELECT DISTINCT theirs FROM users')).toEqual([{ theirs: 'x' }]);
      expect((await see(shop.setup)).history).toEqual([]);
      await expectFinished(shop);
      expect(await shop.query('SELECT DISTINCT theirs FROM users')).toEqual([{ theirs: 'x' }]);
    },
  );

  test('of three deployers with a CREATE INDEX CONCURRENTLY pending one promotes, and the others find nothing to do', async () => {
    await using shop = await shopWith(index);
    const deploy = async (): Promise<RunResult> => {
      const args = [forerun, 'up', '--safe', '--json', '--provider', 'template', '--database', shop.database];
      const { stdout } = await execa(process.execPath, args, { cwd: shop.root, stdin: 'ignore', reject: false });
      return JSON.parse(stdout) as RunResult;
    };
    const results = await Promise.all([deploy(), deploy(), deploy()]);
    expect(results.map(({ outcome }) => outcome).sort(), JSON.stringify(results)).toEqual([
      'nothing-pending',
      'nothing-pending',
      'promoted',
    ]);
    expect(await shop.query("SELECT indisvalid FROM pg_index WHERE indexrelid = 'users_by_name'::regclass")).toEqual([
      { indisvalid: true },
    ]);
    expect((await see(shop.setup)).history).toEqual(['001_index']);
  });
});

interface Holder {
  /** Writes a row, and does not commit. */
  take(): Promise<void>;
  release(): Promise<void>;
}

function holding(shop: Shop): Holder {
  let client: Awaited<ReturnType<Shop['client']>> | undefined;
  return {
    async take() {
      client = await shop.client('the shop');
      await client.query("BEGIN; UPDATE users SET name = 'Robert' WHERE id = 2");
    },
    async release() {
      const held = client;
      client = undefined;
      await held?.query('COMMIT');
      await held?.end();
    },
  };
}

function messages({ findings }: RunResult): readonly string[] {
  return findings.map(({ message }) => message);
}
