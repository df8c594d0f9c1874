import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { up } from '../../src/run.ts';
import type { RunResult } from '../../src/result.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { cuttingProxy } from '../drivers/fixtures/postgres-proxy.ts';
import { forerun, newShop, until, type Shop } from './postgres-shop.ts';
import { postgresWorlds } from './postgres-world.ts';
import { see, type NewWorld } from './world.ts';

/** Sleeps on the databases whose names match what stands in `pause`. */
const pausing = `ALTER TABLE users ADD COLUMN z TEXT;
SELECT pg_sleep(60) FROM pause WHERE current_database() ~ pause.place;
`;

describe.each([15, 18] as const)('on PostgreSQL %i, a run', (version) => {
  let server: PostgresServer;
  let newWorld: NewWorld;
  beforeAll(async () => {
    server = await startPostgres({ version });
    newWorld = await postgresWorlds(server);
  });
  afterAll(() => server?.stop());

  const pausedIn = async (place: string): Promise<Shop> => {
    const shop = await newShop(server, newWorld, { '001_column.sql': pausing });
    await shop.query(`CREATE TABLE pause (place TEXT); INSERT INTO pause VALUES ('${place}')`);
    return shop;
  };
  const sleeping = (): Promise<Record<string, unknown>[]> =>
    server.query("SELECT pid FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(60)%' AND state = 'active'");
  const expectFinished = async (shop: Shop): Promise<void> => {
    await shop.query("UPDATE pause SET place = 'nowhere'");
    const next = await up(shop.setup, { safe: true });
    expect(next, JSON.stringify(next)).toMatchObject({ outcome: 'promoted' });
    expect(await shop.setup.provider.list(shop.setup.main)).toMatchObject([{ kind: 'checkpoint', state: 'ready' }]);
  };

  test.each([
    ['a rehearsal', '^forerun'],
    ['a promotion', '^main'],
  ])('whose server restarts in the middle of %s fails, and the next one finishes', async (_, place) => {
    await using shop = await pausedIn(place);
    const before = await see(shop.setup);
    const running = up(shop.setup, { safe: true });
    await until(sleeping);
    await server.restart();
    const result = await running;
    expect(result, JSON.stringify(result)).toMatchObject({ outcome: 'failed', exitCode: 1 });
    expect(result.error?.message).toMatch(
      /was lost in the middle of a transaction: .*\(57P01\)\. Nothing of that transaction is there/,
    );
    expect(await see(shop.setup)).toEqual(before);
    await expectFinished(shop);
  });

  test('whose connection is cut in the middle of a statement on main fails, and the next one finishes', async () => {
    await using shop = await pausedIn('^main');
    const before = await see(shop.setup);
    const running = up(shop.setup, { safe: true });
    await until(sleeping);
    await server.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(60)%'",
    );
    const result = await running;
    expect(result, JSON.stringify(result)).toMatchObject({ outcome: 'failed', exitCode: 1 });
    expect(result.error?.message).toMatch(/was lost in the middle of a transaction/);
    expect(await see(shop.setup)).toEqual(before);
    await expectFinished(shop);
  });

  test.each([
    ['before', { outcome: 'failed', exitCode: 1 }, []],
    ['after', { outcome: 'promoted', exitCode: 0 }, ['001_column']],
  ] as const)(
    'whose COMMIT on main is cut off %s the server has heard of it knows what became of it',
    async (when, expected, history) => {
      await using shop = await pausedIn('nowhere');
      await using proxy = await cuttingProxy(server.port, when, [`database\0${shop.name}\0`, 'ADD COLUMN z']);
      const { setup } = shop;
      const main = setup.driver.target(shop.database.replace(`:${server.port}/`, `:${proxy.port}/`));
      const result = await up({ ...setup, main }, { safe: true });
      expect(result, JSON.stringify(result)).toMatchObject(expected);
      expect((await see(setup)).history).toEqual(history);
      if (when === 'before') await expectFinished(shop);
      else expect(await up(setup, { safe: true })).toMatchObject({ outcome: 'nothing-pending' });
    },
  );

  test.each([
    ['in one transaction', 'ALTER TABLE users ADD COLUMN z TEXT;\n'],
    [
      'part by part',
      'ALTER TABLE users ADD COLUMN z TEXT;\nCREATE INDEX CONCURRENTLY users_by_name ON users (name);\n',
    ],
  ])('that has lost nothing but its lock does not promote %s beside its successor', async (_, text) => {
    await using shop = await newShop(server, newWorld, { '001_change.sql': text });
    let successor: RunResult | undefined;
    const setup = await shop.deployer({}, async () => {
      const running = execa(
        process.execPath,
        [forerun, 'up', '--safe', '--json', '--provider', 'template', '--database', shop.database],
        { cwd: shop.root, stdin: 'ignore', reject: false },
      );
      const own = `a.application_name ~ '^forerun:\\S+ ${process.pid} '`;
      // Its owner looks for it anew as well: it is cut until the other is faster.
      await until(() =>
        server.query(
          `SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity AS a WHERE ${own}
              AND EXISTS (SELECT FROM pg_stat_activity AS b WHERE b.application_name ~ '^forerun:\\S+ \\d+ ' AND b.pid <> a.pid);
           SELECT FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid) WHERE l.locktype = 'advisory' AND l.objsubid = 1
              AND l.granted AND a.application_name LIKE 'forerun:%' AND NOT ${own}`,
        ),
      );
      successor = JSON.parse((await running).stdout) as RunResult;
    });
    const result = await up(setup, { safe: true });
    expect(successor, JSON.stringify(successor)).toMatchObject({ outcome: 'promoted' });
    expect(result, JSON.stringify(result)).toMatchObject({
      outcome: 'failed',
      exitCode: 1,
      error: { code: 'LOCK_LOST' },
    });
    expect(result.error?.message).toContain(`Run ${successor?.run} took over main`);
    expect((await see(shop.setup)).history).toEqual(['001_change']);
    expect(await up(shop.setup, { safe: true })).toMatchObject({ outcome: 'nothing-pending' });
  });
});
