import { expect, test } from 'vitest';
import { notCompared } from '../../src/drivers/postgres/not-compared.ts';
import { startPostgres } from '../support/postgres.ts';
import { changes } from './fixtures/postgres-changes.ts';
import { sessionOn } from './fixtures/postgres-session.ts';

/** One of each kind that is left out, two of some. */
const leftOut = `
  SET client_min_messages = error;
  CREATE TYPE r AS RANGE (subtype = numeric); CREATE TABLE t (a integer);
  CREATE PUBLICATION p FOR TABLE t; CREATE PUBLICATION q;
  CREATE SUBSCRIPTION s CONNECTION 'host=nowhere password=secret' PUBLICATION p WITH (connect = false);
  CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE USER MAPPING FOR PUBLIC SERVER s;
  CREATE LANGUAGE mine HANDLER plpgsql_call_handler; CREATE ACCESS METHOD mine TYPE TABLE HANDLER heap_tableam_handler;
  CREATE FUNCTION eq(t, t) RETURNS boolean LANGUAGE sql AS 'SELECT true'; CREATE OPERATOR === (LEFTARG = t, RIGHTARG = t, FUNCTION = eq);
  CREATE FUNCTION as_t(integer) RETURNS t LANGUAGE sql AS 'SELECT NULL::t'; CREATE CAST (integer AS t) WITH FUNCTION as_t(integer);
  CREATE OPERATOR FAMILY f USING hash; CREATE OPERATOR CLASS c FOR TYPE t USING hash FAMILY f AS OPERATOR 1 ===;
  CREATE CONVERSION c FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
  CREATE TRANSFORM FOR integer LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal));
  CREATE TEXT SEARCH CONFIGURATION english (COPY = pg_catalog.english); CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple);
  CREATE TEXT SEARCH TEMPLATE t (LEXIZE = dsimple_lexize);
  CREATE TEXT SEARCH PARSER p (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype);
  ALTER FUNCTION eq DEPENDS ON EXTENSION pageinspect;
  SELECT lo_create(0), lo_create(0); ALTER DATABASE db SET search_path = app`;

const listed = [
  '1 access method',
  '1 cast',
  '1 conversion',
  '1 dependency on an extension (DEPENDS ON EXTENSION)',
  '1 foreign server',
  '1 foreign-data wrapper',
  '1 language',
  '1 operator',
  '1 operator class',
  '1 operator family',
  '1 setting of the database (ALTER DATABASE … SET)',
  '1 subscription',
  '1 text search configuration',
  '1 text search dictionary',
  '1 text search parser',
  '1 text search template',
  '1 transform',
  '1 user mapping',
  '2 large objects',
  '2 publications',
];

test.each([15, 18] as const)(
  'what is not compared on PostgreSQL %i is said with its number, where there is any',
  async (version) => {
    await using server = await startPostgres({ version });
    await using session = await sessionOn(await server.createDatabase('db'));
    await session.run('CREATE EXTENSION pageinspect');
    expect(await notCompared(session)).toEqual([]);
    await session.run(leftOut);
    expect([...(await notCompared(session))].sort()).toEqual(listed);
  },
);

test.each([15, 18] as const)(
  'every catalog of PostgreSQL %i is compared, is listed as not compared, or holds nothing of one database',
  async (version) => {
    await using server = await startPostgres({ version });
    await using session = await sessionOn(server.url());
    const catalogs = await session.query(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r' ORDER BY relname`,
    );
    const known = [...Object.keys(compared), ...Object.keys(listedBy), ...parts, ...elsewhere];
    expect(catalogs.map(({ name }) => name)).toEqual(known.sort());
    // Each of these changes is made in the test of the schema.
    const changed = changes.flatMap(([, diff]) => diff).map((line) => line.slice(2));
    const untested = Object.values(compared)
      .flat()
      .filter((prefix) => !changed.some((key) => key.startsWith(`${prefix} `)));
    expect(untested).toEqual([]);
    for (const [catalog, kind] of Object.entries(listedBy))
      expect(
        listed.some((one) => one.includes(kind)),
        catalog,
      ).toBe(true);
  },
);

/** With what the keys of their objects begin, each of which has a test that it tells a change. */
const compared: Readonly<Record<string, readonly string[]>> = {
  pg_aggregate: ['aggregate'],
  pg_class: ['table', 'view', 'materialized view', 'index', 'sequence', 'type'],
  pg_collation: ['collation'],
  pg_constraint: ['constraint', 'domain'],
  pg_default_acl: ['default grants on'],
  pg_description: ['comment on'],
  pg_enum: ['enum'],
  pg_event_trigger: ['event trigger'],
  pg_extension: ['extension'],
  pg_foreign_table: ['foreign table'],
  pg_namespace: ['schema'],
  pg_policy: ['policy'],
  pg_proc: ['function', 'procedure', 'grants on function'],
  pg_range: ['range'],
  pg_rewrite: ['rule'],
  pg_sequence: ['sequence'],
  pg_statistic_ext: ['statistics'],
  pg_trigger: ['trigger'],
  pg_type: ['type', 'enum', 'domain', 'grants on type'],
};

/** By which word of the list. */
const listedBy: Readonly<Record<string, string>> = {
  pg_am: 'access method',
  pg_cast: 'cast',
  pg_conversion: 'conversion',
  pg_db_role_setting: 'setting of the database',
  pg_foreign_data_wrapper: 'foreign-data wrapper',
  pg_foreign_server: 'foreign server',
  pg_language: 'language',
  pg_largeobject_metadata: 'large object',
  pg_opclass: 'operator class',
  pg_operator: 'operator',
  pg_opfamily: 'operator family',
  pg_publication: 'publication',
  pg_subscription: 'subscription',
  pg_transform: 'transform',
  pg_ts_config: 'text search configuration',
  pg_ts_dict: 'text search dictionary',
  pg_ts_parser: 'text search parser',
  pg_ts_template: 'text search template',
  pg_user_mapping: 'user mapping',
};

/** Of objects above. A security label can only be given with a library that the server was started with. */
const parts =
  `pg_attrdef pg_attribute pg_index pg_inherits pg_partitioned_table pg_amop pg_amproc pg_publication_namespace pg_publication_rel pg_subscription_rel pg_ts_config_map pg_depend pg_largeobject pg_seclabel`.split(
    ' ',
  );

/** Of the whole cluster, which a rehearsal does not reach; or what the server keeps for itself. */
const elsewhere =
  `pg_auth_members pg_authid pg_database pg_parameter_acl pg_replication_origin pg_tablespace pg_shdepend pg_shdescription pg_shseclabel pg_init_privs pg_statistic pg_statistic_ext_data`.split(
    ' ',
  );
