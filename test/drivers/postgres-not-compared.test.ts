import { expect, test } from 'vitest';
import { notCompared } from '../../src/drivers/postgres/not-compared.ts';
import { startPostgres } from '../support/postgres.ts';
import { sessionOn } from './fixtures/postgres-session.ts';

test.each([15, 18] as const)(
  'what is not compared on PostgreSQL %i is said with its number, where there is any',
  async (version) => {
    await using server = await startPostgres({ version });
    await using session = await sessionOn(await server.createDatabase('db'));
    await session.run('CREATE EXTENSION pageinspect');
    expect(await notCompared(session)).toEqual([]);
    await session.run(`
    SET client_min_messages = error;
    CREATE TYPE r AS RANGE (subtype = numeric); CREATE TABLE t (a integer); CREATE PUBLICATION p FOR TABLE t; CREATE PUBLICATION q;
    CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE USER MAPPING FOR PUBLIC SERVER s;
    CREATE TEXT SEARCH CONFIGURATION english (COPY = pg_catalog.english);
    CREATE FUNCTION eq(t, t) RETURNS boolean LANGUAGE sql AS 'SELECT true'; CREATE OPERATOR === (LEFTARG = t, RIGHTARG = t, FUNCTION = eq);
    CREATE FUNCTION as_t(integer) RETURNS t LANGUAGE sql AS 'SELECT NULL::t'; CREATE CAST (integer AS t) WITH FUNCTION as_t(integer);
    SELECT lo_create(0), lo_create(0); ALTER DATABASE db SET search_path = app;
    CREATE SUBSCRIPTION s CONNECTION 'host=nowhere password=secret' PUBLICATION p WITH (connect = false)`);
    expect([...(await notCompared(session))].sort()).toEqual([
      '1 cast',
      '1 foreign server',
      '1 foreign-data wrapper',
      '1 operator',
      '1 setting of the database (ALTER DATABASE … SET)',
      '1 subscription',
      '1 text search configuration',
      '1 user mapping',
      '2 large objects',
      '2 publications',
    ]);
  },
);
