import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Facts } from '../../src/drivers/postgres/facts.ts';
import { inverseOf } from '../../src/drivers/postgres/inverse.ts';
import { loadParser } from '../../src/drivers/postgres/parser.ts';
import { quoted, shown } from '../../src/drivers/postgres/qualified-name.ts';
import { standingAlone } from '../../src/drivers/postgres/stands-alone.ts';
import { statementsOf, type Statement } from '../../src/drivers/postgres/statements.ts';
import { wantedBy } from '../../src/drivers/postgres/wanted.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { alone, setup, together } from './postgres-alone-scripts.ts';

beforeAll(loadParser);

describe.each([15, 18] as const)('on PostgreSQL %i, the text tells what', (version) => {
  let server: PostgresServer;
  let client: Client;

  beforeAll(async () => {
    server = await startPostgres({ version, settings: { wal_level: 'logical' } });
    client = new Client({ connectionString: await server.createDatabase() });
    await client.connect();
    await client.query(setup);
  }, 60_000);

  afterAll(async () => {
    await client?.end();
    await server?.stop();
  });

  test.each(alone)('must run outside a transaction: %s', async (sql) => {
    const script = statementsOf(sql);
    expect(isAnyAlone(script, await factsOf(client, script, version))).toBe(true);
    expect(await codeInTransaction(client, sql)).toMatch(/^(?:25001|2D000|55P04)$/);
  });

  test.each(together)('can run inside a transaction: %s', async (sql) => {
    const script = statementsOf(sql);
    expect(isAnyAlone(script, await factsOf(client, script, version))).toBe(false);
    expect(await codeInTransaction(client, sql)).toBe('fine');
  });

  test('may be used at once of a new enum, from 17 on', async () => {
    const sql = `CREATE TYPE fresh AS ENUM ('a'); ALTER TYPE fresh ADD VALUE 'b'; SELECT 'b'::fresh`;
    expect(isAnyAlone(statementsOf(sql), { version })).toBe(version < 17);
    expect(await codeInTransaction(client, sql)).toBe(version < 17 ? '55P04' : 'fine');
  });

  test('undoes an index that was made CONCURRENTLY, whatever its name', async () => {
    const sql = 'CREATE INDEX CONCURRENTLY "Odd ""name""" ON "Odd Schema"."Odd Table" (a)';
    const inverse = inverseOf(statementsOf(sql)[0] as Statement);
    if (inverse?.kind !== 'sql') throw new Error('no inverse');
    const exists = async (): Promise<unknown> =>
      (await client.query('SELECT to_regclass($1) IS NOT NULL AS there', [quoted(inverse.makes)])).rows[0].there;
    await client.query(sql);
    expect(await exists()).toBe(true);
    expect(isAnyAlone(statementsOf(inverse.sql), {})).toBe(true);
    await client.query(inverse.sql);
    expect(await exists()).toBe(false);
    await client.query(inverse.sql);
  });
});

describe('the inverse of a statement that stands alone', () => {
  test.each([
    ['CREATE INDEX CONCURRENTLY i ON t (a)', 'DROP INDEX CONCURRENTLY IF EXISTS "i"'],
    ['CREATE UNIQUE INDEX CONCURRENTLY "I" ON app.t (a)', 'DROP INDEX CONCURRENTLY IF EXISTS "app"."I"'],
    ['CREATE INDEX CONCURRENTLY ON t (a)', undefined],
    ['CREATE INDEX i ON t (a)', undefined],
    ['DROP INDEX CONCURRENTLY i', undefined],
    ['ALTER TABLE p DETACH PARTITION q CONCURRENTLY', undefined],
    ["ALTER TYPE e ADD VALUE 'x'", undefined],
    ['CREATE DATABASE d', undefined],
    ['REINDEX TABLE CONCURRENTLY t', undefined],
    ['REINDEX DATABASE', 'nothing'],
    ['VACUUM FULL t', 'nothing'],
    ['CLUSTER', 'nothing'],
  ])('of %s is %s', (sql, expected) => {
    const inverse = inverseOf(statementsOf(sql)[0] as Statement);
    expect(inverse?.kind === 'sql' ? inverse.sql : inverse?.kind).toBe(expected);
  });

  test('is only good where IF NOT EXISTS found nothing', () => {
    const [statement] = statementsOf('CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)');
    expect(inverseOf(statement as Statement)).toMatchObject({ unlessItWasThere: true, makes: { name: 'i' } });
  });
});

function isAnyAlone(script: readonly Statement[], facts: Facts): boolean {
  const isAlone = standingAlone(script, facts);
  return script.some((statement) => isAlone(statement) !== undefined);
}

async function factsOf(client: Client, script: readonly Statement[], version: number): Promise<Facts> {
  const definitions = new Map<string, readonly string[]>();
  const kinds = new Map<string, string>();
  const facts: Facts = {
    version,
    routines: (name) => definitions.get(shown(name)) ?? [],
    relationKind: (name) => kinds.get(shown(name)),
  };
  for (;;) {
    const { routines, relations } = wantedBy(script, facts);
    const wanted = routines.filter((name) => !definitions.has(shown(name)));
    for (const name of relations) {
      const { rows } = await client.query('SELECT relkind FROM pg_class WHERE oid = to_regclass($1)', [quoted(name)]);
      if (rows[0] !== undefined) kinds.set(shown(name), rows[0].relkind);
    }
    if (wanted.length === 0) return facts;
    for (const name of wanted) {
      const { rows } = await client.query(
        `SELECT pg_get_functiondef(p.oid) AS definition FROM pg_proc p JOIN pg_language l ON l.oid = prolang
         WHERE proname = $1 AND lanname IN ('sql', 'plpgsql') AND prokind IN ('f', 'p')`,
        [name.name],
      );
      definitions.set(
        shown(name),
        rows.map(({ definition }) => String(definition)),
      );
    }
  }
}

/** As it runs for us: behind a write, and with nothing of it left behind. */
async function codeInTransaction(client: Client, sql: string): Promise<string> {
  await client.query('BEGIN');
  try {
    await client.query('CREATE TABLE written ()');
    await client.query(sql);
    return 'fine';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  } finally {
    await client.query('ROLLBACK');
  }
}
