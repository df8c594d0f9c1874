import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gate, type Finding } from '../../src/index.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { postgresProject } from './fixtures/postgres-project.ts';

const stamp = `
  CREATE TABLE people (id integer PRIMARY KEY, name text, born date, changed timestamptz DEFAULT '2026-01-01', times integer DEFAULT 0);
  INSERT INTO people (id, name) SELECT n, 'p' || n FROM generate_series(1, 20) AS n;
  CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.changed := now(); RETURN NEW; END $$;
  CREATE TRIGGER stamp BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION stamp();`;

/** What a trigger function on `people` does, and which changes of which table it has to answer for. */
const bodyOf = (body: string, language = 'plpgsql'): string =>
  `CREATE FUNCTION more() RETURNS trigger LANGUAGE ${language} AS $$ ${body} $$; CREATE TRIGGER more BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION more();`;

const totals = `CREATE TABLE totals (what text PRIMARY KEY, n integer, at timestamptz); INSERT INTO totals VALUES ('people', 20, '2026-01-01');`;

const orders = (action: string): string =>
  `CREATE TABLE orders (id integer PRIMARY KEY, person integer REFERENCES people ${action}); INSERT INTO orders SELECT n, n FROM generate_series(1, 10) AS n;`;

const named = `UPDATE people SET name = 'x' WHERE id <= 5`;
const note = 'note people.name: as a statement sets it';
const warn = (column: string): string => `warn ${column}: a trigger or a foreign key sets it`;
const block = (column: string, more = ''): string => `block ${column}: no statement sets it${more}`;

type Case = readonly [what: string, seed: string, migration: string, findings: readonly string[]];

const cases: readonly Case[] = [
  ['a column that a trigger sets beside it', stamp, named, [warn('people.changed'), note]],
  [
    'a column that a trigger sets which the migration itself made',
    'CREATE TABLE early (id integer PRIMARY KEY, name text, "Odd Name" integer); INSERT INTO early SELECT n FROM generate_series(1, 5) AS n;',
    `${bodyOf('BEGIN SELECT 7 INTO NEW."Odd Name"; RETURN NEW; END').replace(' ON people', ' ON early')} UPDATE early SET name = 'x'; ALTER TABLE early RENAME "Odd Name" TO odd; ALTER TABLE early RENAME TO late`,
    ['note late.name: as a statement sets it', warn('late.odd')],
  ],
  ['columns of a table without a key', stamp.replace(' PRIMARY KEY', ''), named, []],
  [
    'a column of another table that a trigger updates',
    `${stamp} ${totals} ${bodyOf(`BEGIN UPDATE totals SET n = n + 1 WHERE what = 'people'; RETURN NEW; END`)}`,
    named,
    [warn('people.changed'), note, warn('totals.n')],
  ],
  [
    'a column of another table that a function sets which a trigger calls, and what its own trigger sets',
    `${stamp} ${totals} CREATE FUNCTION count_it() RETURNS void LANGUAGE sql AS 'UPDATE totals SET n = n + 1';
     CREATE FUNCTION at() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.at = now(); RETURN NEW; END $$;
     CREATE TRIGGER at BEFORE UPDATE OF n ON totals FOR EACH ROW EXECUTE FUNCTION at();
     ${bodyOf('BEGIN PERFORM count_it(); RETURN NEW; END').replace('BEFORE', 'AFTER')}`,
    named,
    [warn('people.changed'), note, warn('totals.at'), warn('totals.n')],
  ],
  [
    'a column that a trigger sets for other columns than those that are updated',
    stamp.replace('BEFORE UPDATE ON', 'BEFORE UPDATE OF name ON'),
    `UPDATE people SET born = '2000-01-01' WHERE id = 1`,
    ['note people.born: as a statement sets it'],
  ],
  [
    'a row that a trigger puts in the place of the one that is written',
    `${stamp} ${bodyOf(`DECLARE r people%ROWTYPE; BEGIN r := NEW; r.times := 9; RETURN r; END`)}`,
    named,
    [warn('people.changed'), note, warn('people.times')],
  ],
  [
    'a column that a rule sets',
    `${stamp} ${totals} CREATE RULE count AS ON UPDATE TO people DO ALSO UPDATE totals SET n = 0`,
    named,
    [warn('people.changed'), note, warn('totals.n')],
  ],
  [
    'a key that a foreign key sets to null, and one that it follows',
    `${stamp} ${orders('ON UPDATE CASCADE')} CREATE TABLE notes (id integer PRIMARY KEY, about integer REFERENCES people ON DELETE SET NULL); INSERT INTO notes VALUES (1, 20);`,
    '-- forerun: allow rows-lost case_9.people\nUPDATE people SET id = 101 WHERE id = 1; DELETE FROM people WHERE id = 20',
    [warn('notes.about'), warn('orders.person'), 'note people: 2 rows'],
  ],
  [
    'a column of a partition and of a child, which a statement sets of the whole',
    `CREATE TABLE parts (id integer, at integer, name text, PRIMARY KEY (id, at)) PARTITION BY LIST (at); CREATE TABLE part_one PARTITION OF parts FOR VALUES IN (1);
     CREATE TABLE parent (id integer PRIMARY KEY, name text); CREATE TABLE child (PRIMARY KEY (id)) INHERITS (parent);
     INSERT INTO parts VALUES (1, 1, 'a'); INSERT INTO child VALUES (1, 'a')`,
    `UPDATE parts SET name = 'b'; UPDATE parent SET name = 'b'`,
    ['note child.name: as a statement sets it', 'note part_one.name: as a statement sets it'],
  ],
  [
    'a column that functions in C set which are known',
    `CREATE TABLE people (id integer PRIMARY KEY, name text, words tsvector); INSERT INTO people SELECT n FROM generate_series(1, 9) AS n;
     CREATE TRIGGER words BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION tsvector_update_trigger(words, 'pg_catalog.english', name);
     CREATE TRIGGER zero BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();`,
    named,
    [note, warn('people.words')],
  ],
  [
    'a row that was put in the place of another one, which nothing explains although a trigger sets another column',
    stamp,
    `${named}; DELETE FROM people WHERE id = 9; INSERT INTO people VALUES (9, 'p9', '2000-01-01', '2026-01-01', 0)`,
    [warn('people.changed'), note, block('people.born')],
  ],
  [
    'a column that is updated through a view under another name, and what a trigger of the table sets then',
    `${stamp} CREATE VIEW persons AS SELECT id AS no, name AS called, lower(name) AS small FROM people AS p WHERE times = 0`,
    `UPDATE persons SET called = 'x' WHERE no <= 5`,
    [warn('people.changed'), note],
  ],
  [
    'a column that is updated through a view of a view, and is renamed afterwards',
    `CREATE TABLE folk (id integer PRIMARY KEY, name text, born date); INSERT INTO folk SELECT n, 'p' || n FROM generate_series(1, 20) AS n;
     CREATE VIEW within AS SELECT name AS a, id AS b FROM folk; CREATE VIEW around AS SELECT b AS a, a AS b FROM within`,
    `UPDATE around SET b = 'x' WHERE a <= 5; ALTER TABLE folk RENAME name TO "Full name"`,
    ['note folk.Full name: as a statement sets it'],
  ],
  [
    'a column that a trigger sets in the place of an update of a view, and not what that update says',
    `${stamp} CREATE VIEW persons AS SELECT id, name FROM people;
     CREATE FUNCTION instead() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE people SET born = '2000-01-01' WHERE id = NEW.id; RETURN NEW; END $$;
     CREATE TRIGGER instead INSTEAD OF UPDATE ON persons FOR EACH ROW EXECUTE FUNCTION instead()`,
    `UPDATE persons SET name = 'x' WHERE id = 1; DELETE FROM people WHERE id = 9; INSERT INTO people (id, name) VALUES (9, 'other')`,
    [warn('people.born'), warn('people.changed'), block('people.name')],
  ],
  [
    'what a rule sets in the place of an update of a view, or of a view beneath it, and not what the update says',
    `${stamp} CREATE VIEW persons AS SELECT id, name FROM people; CREATE VIEW above AS SELECT id, name FROM persons;
     CREATE RULE instead AS ON UPDATE TO persons DO INSTEAD UPDATE people SET born = '2000-01-01' WHERE id = OLD.id`,
    `UPDATE persons SET name = 'x' WHERE id = 1; UPDATE above SET name = 'x' WHERE id = 2; DELETE FROM people WHERE id = 9; INSERT INTO people (id, name) VALUES (9, 'other')`,
    [warn('people.born'), warn('people.changed'), block('people.name')],
  ],
];

const secret = 'DECLARE s text; BEGIN SELECT sql INTO s FROM texts; EXECUTE s; RETURN NEW; END';
const unread =
  ', as far as can be read: the trigger more of people: what its EXECUTE runs; the trigger c of case_2.people runs a function in c';

/** Where something cannot be read, that is said of whatever is not explained. */
const unseen: readonly Case[] = [
  [
    'what a trigger executes that it puts together',
    `${stamp} ${totals} CREATE TABLE texts (sql text); INSERT INTO texts VALUES ('UPDATE case_1.totals SET n = 1'); ${bodyOf(secret)}`,
    named,
    [warn('people.changed'), note, block('totals.n', unread)],
  ],
  [
    'what a trigger does that is written in C, and one that does not fire',
    `${stamp} ALTER TABLE people DISABLE TRIGGER stamp; CREATE FUNCTION c() RETURNS trigger LANGUAGE c AS '$libdir/refint', 'check_primary_key';
     CREATE TRIGGER c AFTER UPDATE ON people FOR EACH ROW EXECUTE FUNCTION c('id', 'people', 'id')`,
    `${named}; DELETE FROM people WHERE id = 9; INSERT INTO people VALUES (9, 'p9', '2000-01-01', '2026-01-01', 0)`,
    [
      note,
      block(
        'people.born',
        `, as far as can be read: the trigger more of case_1.people: what its EXECUTE runs; the trigger c of people runs a function in c`,
      ),
    ],
  ],
];

describe.each([15, 18] as const)('a rehearsal on PostgreSQL %i answers for', (version) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ version });
  });
  afterAll(() => server.stop());

  describe.each([
    ['what can be read:', cases],
    ['what cannot be read:', unseen],
  ])('%s', (_, all) => {
    let findings: readonly Finding[];
    beforeAll(async () => (findings = await findingsOf(server, all)), 60_000);
    test.each(all.map(([what, , , expected], at) => [what, `case_${at + 1}.`, expected] as const))(
      '%s',
      (_what, schema, expected) => {
        const own = findings.filter(({ where }) => where?.table?.startsWith(schema));
        expect(own.map((finding) => inShort(finding, schema)).sort()).toEqual(expected.toSorted());
      },
    );
  });
});

/** All in one migration, each in a schema of its own. */
async function findingsOf(server: PostgresServer, all: readonly Case[]): Promise<readonly Finding[]> {
  const each = (of: 1 | 2): string =>
    all.map((one, at) => `SET LOCAL search_path = case_${at + 1};\n${one[of]};`).join('\n');
  const schemas = all.map((_, at) => `CREATE SCHEMA case_${at + 1};`).join(' ');
  await using project = await postgresProject(server, `BEGIN; ${schemas} ${each(1)} COMMIT`);
  await project.migration('001_it.sql', each(2));
  const { findings, error } = await gate(project.config());
  expect(error).toBeUndefined();
  return findings.filter(({ gate: by }) => by === 'data-preserved');
}

/** Severity, column and reason. */
function inShort({ severity, message }: Finding, schema: string): string {
  return `${severity} ${message}`
    .replaceAll(schema, '')
    .replace(/\. If that is meant.*|\.$/s, '')
    .replace(/ has another value in \d+ rows?, (?:and )?/, ': ')
    .replace(/^(\w+) (\d+ rows) of (\S+) are gone.*/, '$1 $3: $2');
}
