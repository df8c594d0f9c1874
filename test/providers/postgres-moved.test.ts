import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countsOf, haveMoved, type Counts } from '../../src/providers/postgres/moved.ts';
import { openSession } from '../../src/providers/postgres/session.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { add, connect, makeMain } from './fixtures/postgres-world.ts';

describe('whether a database was written', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ settings: { autovacuum: 'off' } });
  });
  afterAll(() => server.stop());

  it('is known of a transaction that was at work before, beside younger ones that had ended', async () => {
    const main = await makeMain(server, 'counted');
    const counts = async (): Promise<Counts> => {
      await using session = await openSession(main);
      return await countsOf(session, 'counted');
    };
    const slow = await connect(main);
    await slow.query("BEGIN; INSERT INTO notes (body) VALUES ('slow')");
    await add(main, 'quick');
    const before = await counts();
    expect(haveMoved(before, await counts())).toBe(false);
    await slow.query('COMMIT');
    expect(haveMoved(before, await counts())).toBe(true);
    await slow.end();
  });

  it('is not taken from transactions of our own on its server', () => {
    const then = { xids: '10:10:', stats: '5 0 0', unsure: true };
    expect(haveMoved(then, { ...then, xids: '12:12:' }, [10n, 11n])).toBe(false);
    expect(haveMoved(then, { ...then, xids: '13:13:' }, [10n, 11n])).toBe(true);
    expect(haveMoved(then, { ...then, xids: '11:12:11' }, [10n, 11n])).toBe(true);
  });
});
