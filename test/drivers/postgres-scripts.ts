/** Statements that hold what a splitter trips over. */
export const singles: readonly string[] = [
  'SELECT 1',
  `SELECT 'a;b', "c;d", 'it''s; -- no', "e""f;"`,
  `SELECT E'\\';', E'a\\\\', U&'\\0041;' UESCAPE '!', B'01', X'1F'`,
  `SELECT $$a;b$$, $q$ $$ ; $q$, $été$ ; $été$`,
  `SELECT 'Größe; 😀', '日本語'`,
  `SELECT 1 /* a; /* b; */ c; */ + 2`,
  `SELECT 1 -- why;\n  + 2`,
  `SELECT a.b::text, c->>'x', d @> '{}', e[1:2] FROM f`,
  `DO $$ BEGIN PERFORM 1; RAISE NOTICE 'x;y'; END $$`,
  `DO LANGUAGE plpgsql 'BEGIN NULL; END'`,
  `CREATE FUNCTION f(a int) RETURNS int LANGUAGE plpgsql AS $f$\nBEGIN\n  RETURN a; -- $$ ;\nEND;\n$f$`,
  `CREATE FUNCTION g() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END`,
  `CREATE OR REPLACE PROCEDURE p() LANGUAGE SQL BEGIN ATOMIC INSERT INTO t VALUES (1); INSERT INTO t VALUES (2); END`,
  `CREATE RULE r AS ON INSERT TO t DO ALSO (INSERT INTO u VALUES (1); DELETE FROM v)`,
  `CREATE TRIGGER x BEFORE UPDATE OF a ON t FOR EACH ROW WHEN (old.a IS DISTINCT FROM new.a) EXECUTE FUNCTION f()`,
  `CREATE TABLE "Odd; Name" ("a;" int CHECK ("a;" > 0), b text DEFAULT ';')`,
  `CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v tsrange, EXCLUDE USING gist (v WITH &&))`,
  `CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "I" ON "S"."T" (lower(a) text_pattern_ops) WHERE b <> ';'`,
  `INSERT INTO t (a, b) VALUES (1, 'x'), (2, NULL) ON CONFLICT (a) DO UPDATE SET b = excluded.b RETURNING *`,
  `MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN UPDATE SET b = s.b WHEN NOT MATCHED THEN INSERT VALUES (s.a)`,
  `WITH moved AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM moved`,
  `UPDATE ONLY t AS z SET (a, b) = (SELECT 1, 2), c[1] = 3 FROM u WHERE z.id = u.id`,
  `ALTER TABLE t ALTER COLUMN a TYPE int USING a::int, ADD CONSTRAINT c FOREIGN KEY (b) REFERENCES u NOT VALID`,
  `ALTER TABLE p DETACH PARTITION q CONCURRENTLY`,
  `ALTER TYPE mood ADD VALUE IF NOT EXISTS 'so;so' BEFORE 'happy'`,
  `GRANT SELECT (a, b), UPDATE ON t TO "some;one" WITH GRANT OPTION`,
  `COMMENT ON COLUMN t.a IS 'semi;colon'`,
  `SET LOCAL search_path TO "a;b", public`,
  `COPY t FROM '/tmp/a;b.csv' WITH (FORMAT csv, DELIMITER ';')`,
  `CREATE VIEW v AS SELECT ';' AS a UNION ALL TABLE t`,
  `CREATE POLICY p ON t FOR ALL TO public USING (owner = current_user) WITH CHECK (true)`,
  `VACUUM (ANALYZE, VERBOSE) t, u (a)`,
  `BEGIN ISOLATION LEVEL SERIALIZABLE`,
  `(SELECT 1) UNION (SELECT 2) ORDER BY 1`,
  `VALUES (1, ';')`,
  `SELECT`,
  `END`,
  `EXPLAIN (ANALYZE, COSTS OFF) SELECT 1`,
];

/** What can stand between two statements without being one. */
export const between: readonly string[] = [
  '',
  ' ',
  '\n',
  '\r\n\t',
  ';',
  '\n;;\n',
  '-- a comment; with it\n',
  '/* a; /* nested; */ comment */',
  '\n-- Größe 😀;\n/* 日本 */\n',
  `-- it's\n`,
  '/* $$ */ -- $a$\n',
];

/** A small generator of numbers that are always the same. */
export function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
