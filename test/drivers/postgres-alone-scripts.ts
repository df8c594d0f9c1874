/** What the statements below need; run once in a database of its own. */
export const setup = `
CREATE TABLE t (a int PRIMARY KEY, b text); CREATE INDEX t_b ON t (b); INSERT INTO t VALUES (1, 'x');
CREATE TABLE p (a int, b text) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
CREATE INDEX p_a ON p (a);
CREATE SCHEMA s; CREATE TABLE s.x (a int PRIMARY KEY);
CREATE SCHEMA "Odd Schema"; CREATE TABLE "Odd Schema"."Odd Table" (a int);
CREATE MATERIALIZED VIEW v AS SELECT * FROM t; CREATE UNIQUE INDEX v_a ON v (a);
CREATE TYPE mood AS ENUM ('a', 'b');
CREATE PROCEDURE commits() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO t VALUES (77, 'q'); COMMIT; END $$;
CREATE PROCEDURE through(n int) LANGUAGE plpgsql AS $$ DECLARE i int := n; BEGIN IF i > 0 THEN CALL commits(); END IF; END $$;
CREATE PROCEDURE plain() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO t VALUES (78, 'commit;'); END $$;
CREATE FUNCTION uses_c() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN 'c'::mood; END $$;
CREATE SUBSCRIPTION with_slot CONNECTION 'dbname=none' PUBLICATION pub WITH (connect = false);
CREATE SUBSCRIPTION slotless CONNECTION 'dbname=none' PUBLICATION pub WITH (connect = false, slot_name = none);
`;

/** Refused by the server inside a transaction, each for a reason of its own. */
export const alone: readonly string[] = [
  'CREATE INDEX CONCURRENTLY ON t (b)',
  'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS t_b ON t (b)',
  'DROP INDEX CONCURRENTLY t_b',
  'DROP INDEX CONCURRENTLY IF EXISTS no_such_index',
  'REINDEX INDEX CONCURRENTLY t_b',
  'REINDEX TABLE CONCURRENTLY t',
  'REINDEX (VERBOSE, CONCURRENTLY) TABLE t',
  'REINDEX (CONCURRENTLY on) INDEX t_b',
  'REINDEX SCHEMA s',
  'REINDEX SCHEMA CONCURRENTLY s',
  'REINDEX DATABASE postgres',
  'REINDEX SYSTEM postgres',
  'REINDEX TABLE p',
  'REINDEX INDEX p_a',
  'CLUSTER',
  'CLUSTER p USING p_a',
  'VACUUM',
  'VACUUM t',
  'VACUUM FULL t',
  'VACUUM (ANALYZE) t',
  'CREATE DATABASE x',
  'DROP DATABASE IF EXISTS x',
  'ALTER DATABASE postgres SET TABLESPACE pg_default',
  `CREATE TABLESPACE x LOCATION '/nowhere'`,
  'DROP TABLESPACE IF EXISTS x',
  `ALTER SYSTEM SET work_mem = '5MB'`,
  'ALTER SYSTEM RESET ALL',
  'ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY',
  'DISCARD ALL',
  `CREATE SUBSCRIPTION x CONNECTION 'dbname=none' PUBLICATION pub`,
  `CREATE SUBSCRIPTION x CONNECTION 'dbname=none' PUBLICATION pub WITH (enabled = false, create_slot)`,
  'DROP SUBSCRIPTION with_slot',
  `SELECT pg_create_logical_replication_slot('x', 'pgoutput')`,
  'CALL commits()',
  'CALL through(1)',
  'CREATE PROCEDURE own() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$; CALL own()',
  'DO $$ BEGIN COMMIT; END $$',
  'DO $$ BEGIN ROLLBACK; END $$',
  'DO $$ BEGIN CALL commits(); END $$',
  'DO LANGUAGE plpgsql $x$ <<l>> DECLARE i int; BEGIN FOR i IN 1..2 LOOP COMMIT AND CHAIN; END LOOP; END $x$',
  `DO $$ DECLARE r t%ROWTYPE; m mood; BEGIN SELECT * INTO r FROM t; m := 'a'; IF r.a > 0 THEN COMMIT; END IF; END $$`,
  `ALTER TYPE mood ADD VALUE 'c'; SELECT 'c'::mood`,
  `ALTER TYPE mood ADD VALUE IF NOT EXISTS 'c' BEFORE 'b'; CREATE TABLE u (m mood DEFAULT 'c')`,
  `ALTER TYPE mood ADD VALUE 'it''s'; CREATE VIEW w AS SELECT 'it''s'::mood`,
  `ALTER TYPE mood ADD VALUE 'c'; CREATE FUNCTION f() RETURNS mood LANGUAGE sql AS $$ SELECT 'c'::mood $$`,
  `ALTER TYPE mood ADD VALUE 'c'; DO $$ BEGIN PERFORM 'c'::mood; END $$`,
  `ALTER TYPE mood ADD VALUE 'c'; SELECT uses_c()`,
];

/** Looks like one of the above, or is often thought to be one, and is not. */
export const together: readonly string[] = [
  'CREATE INDEX ON t (b)',
  'DROP INDEX t_b',
  'REINDEX TABLE t',
  'REINDEX (CONCURRENTLY off) TABLE t',
  'REINDEX INDEX t_b',
  'CLUSTER t USING t_b',
  'ANALYZE',
  'ANALYZE t',
  'REFRESH MATERIALIZED VIEW v',
  'REFRESH MATERIALIZED VIEW CONCURRENTLY v',
  'ALTER TABLE p DETACH PARTITION p1',
  `ALTER TYPE mood ADD VALUE 'c'`,
  `ALTER TYPE mood ADD VALUE 'c'; SELECT 'a'::mood`,
  `ALTER TYPE mood ADD VALUE 'c'; COMMENT ON TYPE mood IS 'c'`,
  `ALTER TYPE mood ADD VALUE 'c'; CREATE FUNCTION f() RETURNS mood LANGUAGE plpgsql AS $$ BEGIN RETURN 'c'; END $$`,
  `ALTER TYPE mood RENAME VALUE 'a' TO 'c'; SELECT 'c'::mood`,
  `ALTER DATABASE postgres SET work_mem = '4MB'`,
  'ALTER DATABASE postgres CONNECTION LIMIT 50',
  'ALTER TABLESPACE pg_default SET (random_page_cost = 2)',
  'ALTER TABLE t SET UNLOGGED',
  'DISCARD PLANS',
  'CHECKPOINT',
  'CREATE ROLE x',
  'CREATE PUBLICATION x FOR ALL TABLES',
  `CREATE SUBSCRIPTION x CONNECTION 'dbname=none' PUBLICATION pub WITH (connect = false)`,
  'ALTER SUBSCRIPTION slotless SET PUBLICATION other WITH (refresh = false)',
  'ALTER SUBSCRIPTION with_slot DISABLE; ALTER SUBSCRIPTION with_slot SET (slot_name = NONE); DROP SUBSCRIPTION with_slot',
  'CALL plain()',
  'DO $$ BEGIN PERFORM 1; END $$',
  `DO $$ DECLARE "commit" int := 1; BEGIN RAISE NOTICE 'COMMIT;'; "commit" := 2; /* COMMIT; */ END $$`,
  'SELECT pg_export_snapshot()',
  'LOCK TABLE t',
  'TRUNCATE t',
  'LISTEN x; NOTIFY x',
];
