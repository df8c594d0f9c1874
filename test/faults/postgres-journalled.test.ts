import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { down, up } from '../../src/run.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { forerun, newShop, until, type Shop } from './postgres-shop.ts';
import { postgresWorlds } from './postgres-world.ts';
import { see, type NewWorld } from './world.ts';

const index = 'CREATE INDEX CONCURRENTLY users_by_name ON users (name);\n';
const locked = 'ALTER TABLE orders ADD COLUMN z TEXT;\n';

describe.each([15, 18] as const)('on PostgreSQL %i, a migration that is promoted part by part', (version) => {
  let server: PostgresServer;
  let newWorld: NewWorld;
  beforeAll(async () => {
    server = await startPostgres({ version });
    newWorld = await postgresWorlds(server);
  });
  afterAll(() => server?.stop());

  const shopWith = async (text: Readonly<Record<string, string>>): Promise<Shop> => {
    const shop = await newShop(server, newWorld, text);
    await shop.query('CREATE TABLE orders (id INTEGER)');
    return shop;
  };
  const isValid = async (shop: Shop): Promise<unknown> =>
    (await shop.query("SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = to_regclass('users_by_name')"))[0]?.[
      'valid'
    ];
  const sleeping = (): Promise<Record<string, unknown>[]> =>
    server.query("SELECT FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(60)%' AND state = 'active'");
  const expectFinished = async (shop: Shop): Promise<void> => {
    const next = await up(shop.setup, { safe: true });
    expect(next, JSON.stringify(next)).toMatchObject({ outcome: 'promoted', exitCode: 0 });
    expect(await isValid(shop)).toBe(true);
    expect((await see(shop.setup)).history).toEqual(['001_change']);
  };

  test('and cannot end keeps what cannot all be taken back, and the next run goes on behind it', async () => {
    await using shop = await shopWith({ '001_change.sql': `ALTER TABLE users ADD COLUMN y TEXT;\n${index}${locked}` });
    let holder: Awaited<ReturnType<Shop['client']>> | undefined;
    const setup = await shop.deployer({ lockTimeoutMs: 100, tries: 2 }, async () => {
      holder = await shop.client('the shop');
      await holder.query('BEGIN; LOCK TABLE orders');
    });
    const result = await up(setup, { safe: true });
    await holder?.end();
    expect(result, JSON.stringify(result)).toMatchObject({ outcome: 'needs-person', exitCode: 4 });
    expect(result.error?.message).toContain('it is on main up to part 2 of 3 (line 2), without its history row');
    expect(result.error?.next).toContain('The next "forerun up --safe" goes on from there.');
    expect(await isValid(shop)).toBe(true);
    await expectFinished(shop);
  });

  test('and cannot end is taken back where all of it can be, and the next run begins anew', async () => {
    await using shop = await shopWith({ '001_change.sql': `${index}${locked}` });
    const before = await see(shop.setup);
    let holder: Awaited<ReturnType<Shop['client']>> | undefined;
    const setup = await shop.deployer({ lockTimeoutMs: 100, tries: 2 }, async () => {
      holder = await shop.client('the shop');
      await holder.query('BEGIN; LOCK TABLE orders');
    });
    const result = await up(setup, { safe: true });
    await holder?.end();
    expect(result, JSON.stringify(result)).toMatchObject({ outcome: 'rolled-back', exitCode: 3 });
    expect(result.findings.map(({ message }) => message).join()).toContain(
      'Taken back on main: CREATE INDEX CONCURRENTLY',
    );
    expect(await see(shop.setup)).toEqual(before);
    await expectFinished(shop);
  });

  test('does not drop an index of that name that another made meanwhile', async () => {
    await using shop = await shopWith({ '001_change.sql': `VACUUM orders;\n${index}` });
    let holder: Awaited<ReturnType<Shop['client']>> | undefined;
    const setup = await shop.deployer({ lockTimeoutMs: 20_000 }, async () => {
      holder = await shop.client('the shop');
      await holder.query('BEGIN; LOCK TABLE orders');
    });
    const running = up(setup, { safe: true });
    await until(() =>
      server.query(
        `SELECT FROM pg_stat_activity WHERE datname = '${shop.name}' AND query = 'VACUUM orders' AND wait_event_type = 'Lock'`,
      ),
    );
    await shop.query('CREATE INDEX users_by_name ON users (email)');
    await holder?.query('COMMIT');
    await holder?.end();
    const result = await running;
    expect(result.exitCode, JSON.stringify(result)).toBe(4);
    expect(await shop.query("SELECT pg_get_indexdef('users_by_name'::regclass) LIKE '%(email)' AS theirs")).toEqual([
      { theirs: true },
    ]);
  });

  test('and is interrupted says that main needs somebody, and the next run goes on', async () => {
    await using shop = await shopWith({
      '001_change.sql': `ALTER TABLE users ADD COLUMN y TEXT;\n${index}SELECT pg_sleep(60) FROM orders;\n`,
    });
    const aborter = new AbortController();
    const setup = await shop.deployer({}, async () => void (await shop.query('INSERT INTO orders VALUES (1)')));
    const running = up(setup, { safe: true, signal: aborter.signal });
    await until(sleeping);
    aborter.abort();
    expect(await running).toMatchObject({ outcome: 'needs-person', exitCode: 4 });
    await shop.query('DELETE FROM orders');
    await expectFinished(shop);
  });

  test('and is killed on its way back is gone on with that way alone', async () => {
    await using shop = await shopWith({
      '001_change.up.sql': index,
      '001_change.down.sql': `ALTER TABLE users ADD COLUMN gone TEXT;
DROP INDEX CONCURRENTLY users_by_name;
SELECT pg_sleep(60) FROM orders WHERE current_database() LIKE 'main%';
`,
    });
    await up(shop.setup, { safe: true });
    await shop.query('INSERT INTO orders VALUES (1)');
    const args = [forerun, 'down', '--safe', '--provider', 'template', '--database', shop.database];
    const deployer = execa(process.execPath, args, { cwd: shop.root, stdin: 'ignore', reject: false });
    await until(sleeping);
    deployer.kill('SIGKILL');
    await deployer;
    await shop.query('DELETE FROM orders');
    const wrongWay = await up(shop.setup, { safe: true });
    expect(wrongWay, JSON.stringify(wrongWay)).toMatchObject({ exitCode: 4, error: { code: 'NEEDS_PERSON' } });
    expect(wrongWay.error?.next).toContain('forerun down --safe');
    const result = await down(shop.setup, { safe: true });
    expect(result, JSON.stringify(result)).toMatchObject({ outcome: 'promoted' });
    expect(await isValid(shop)).toBeUndefined();
    expect((await see(shop.setup)).history).toEqual([]);
    expect(
      await shop.query("SELECT count(*)::int AS n FROM information_schema.columns WHERE column_name = 'gone'"),
    ).toEqual([{ n: 1 }]);
  });
});
