import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Config } from '../src/config.ts';
import { isCode } from '../src/checks/sql-text.ts';
import type { Event } from '../src/events.ts';
import type { Finding } from '../src/gate.ts';
import { phaseText } from '../src/reports/phase-text.ts';
import { plain } from '../src/reports/style.ts';
import { down, gate, up } from '../src/run.ts';
import type { RunResult } from '../src/result.ts';
import { newProject, shop, type Project } from './support/project.ts';

type Brief = `${Finding['severity']} ${string}: ${string}`;

async function judged(
  project: Project,
  config: Partial<Config> = {},
): Promise<{ result: RunResult; findings: Brief[] }> {
  const result = await gate(await project.setup(config));
  expect(result.error).toBeUndefined();
  const findings = result.findings.filter((finding) => finding.gate !== 'rehearsal');
  return {
    result,
    findings: findings.map(({ gate: name, severity, message }): Brief => `${severity} ${name}: ${message}`),
  };
}

const permit = (what: string): string => `If that is meant, write in the migration: -- forerun: allow ${what}.`;

const rebuilt: Brief =
  'warn objects-kept: users was made anew without what it had: unique constraint (email), AUTOINCREMENT. No statement drops that by name. If it is not meant to go, create it again behind the rebuild.';

describe('data-preserved', () => {
  const cases: readonly (readonly [string, string, readonly Brief[]])[] = [
    [
      'rows deleted',
      'DELETE FROM orders WHERE id = 2;',
      [`block data-preserved: 1 row of orders is gone (it had 3 and has 2). ${permit('rows-lost orders')}`],
    ],
    [
      'rows of a table that the migration does not speak of, by a cascade',
      'DELETE FROM users WHERE id = 1; -- forerun: allow rows-lost users',
      [
        `block data-preserved: 2 rows of orders are gone (it had 3 and has 1). ${permit('rows-lost orders')}`,
        'note data-preserved: 1 row of users is gone (it had 3 and has 2), as the migration allows.',
      ],
    ],
    [
      'as many rows put in as taken out',
      'DELETE FROM orders; INSERT INTO orders VALUES (7, 1, 1), (8, 1, 1), (9, 1, 1);',
      [
        `block data-preserved: 3 rows of orders are gone (it had 3 and has 3, of which 3 rows are new). ${permit('rows-lost orders')}`,
      ],
    ],
    ['rows added', "INSERT INTO users (email, name) VALUES ('d@example.com', 'D');", []],
    [
      'values of the column that a statement sets',
      'UPDATE users SET name = upper(name);',
      ['note data-preserved: users.name has another value in 3 rows, as a statement sets it.'],
    ],
    [
      'values that a trigger changes beside it',
      "CREATE TRIGGER t AFTER UPDATE OF name ON users BEGIN UPDATE users SET email = 'x' || id WHERE id = new.id; END; UPDATE users SET name = 'n' WHERE id = 1;",
      [
        `warn data-preserved: users.email has another value in 1 row, and a trigger or a foreign key sets it. ${permit('values-changed users.email')}`,
        'note data-preserved: users.name has another value in 1 row, as a statement sets it.',
      ],
    ],
    [
      'values that a trigger of a view changes in the table behind it',
      "CREATE VIEW names AS SELECT id, name FROM users; CREATE TRIGGER t INSTEAD OF UPDATE ON names BEGIN UPDATE users SET name = new.name WHERE id = old.id; END; UPDATE names SET name = 'n' WHERE id = 1;",
      [
        `warn data-preserved: users.name has another value in 1 row, and a trigger or a foreign key sets it. ${permit('values-changed users.name')}`,
      ],
    ],
    [
      'values of another table that a trigger changes',
      "CREATE TRIGGER t AFTER UPDATE OF name ON users BEGIN UPDATE orders SET total = 1; END; UPDATE users SET name = 'n' WHERE id = 1; UPDATE orders SET user_id = 2 WHERE id = 1;",
      [
        'note data-preserved: orders.user_id has another value in 1 row, as a statement sets it.',
        `warn data-preserved: orders.total has another value in 3 rows, and a trigger or a foreign key sets it. ${permit('values-changed orders.total')}`,
        'note data-preserved: users.name has another value in 1 row, as a statement sets it.',
      ],
    ],
    [
      'a table dropped with rows',
      'DROP TABLE orders;',
      ['warn data-preserved: Table orders is dropped with 3 rows in it.'],
    ],
    [
      'a column dropped with values',
      'ALTER TABLE orders DROP COLUMN total;',
      ['warn data-preserved: Column orders.total is dropped with values in 3 rows.'],
    ],
    ['a table renamed', 'ALTER TABLE orders RENAME TO purchases;', []],
    ['a column renamed', 'ALTER TABLE orders RENAME COLUMN total TO amount;', []],
    [
      'a table rebuilt with a column forgotten',
      'CREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT, name TEXT); INSERT INTO new_users (id, email) SELECT id, email FROM users; DROP TABLE users; ALTER TABLE new_users RENAME TO users;',
      [
        `block data-preserved: users.name has another value in 3 rows, and no statement sets it. ${permit('values-changed users.name')}`,
        rebuilt,
      ],
    ],
    [
      'a table rebuilt with a column computed anew',
      'CREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT, name TEXT); INSERT INTO new_users (id, email, name) SELECT id, upper(email), name FROM users; DROP TABLE users; ALTER TABLE new_users RENAME TO users;',
      ['note data-preserved: users.email has another value in 3 rows, as a statement sets it.', rebuilt],
    ],
  ];

  test.each(cases)('%s', async (_what, text, expected) => {
    const project = await newProject();
    await project.migration('001_it.sql', text);
    const { findings, result } = await judged(project);
    expect(findings).toEqual(expected);
    expect(result.exitCode).toBe(expected.some((finding) => finding.startsWith('block')) ? 3 : 0);
  });

  test('a permit in the policy is as good as one in the file', async () => {
    const project = await newProject();
    await project.migration('001_it.sql', 'DELETE FROM orders WHERE id = 2;');
    const { result } = await judged(project, { allow: ['rows-lost orders'] });
    expect(result).toMatchObject({ outcome: 'passed', findings: [{ severity: 'note' }] });
  });

  test.each(['my logs', 'a, b', 'say "hi"'])('a table called %s can be permitted as the finding says', async (name) => {
    const project = await newProject();
    const quoted = `"${name.replaceAll('"', '""')}"`;
    project.write(`CREATE TABLE ${quoted} (id INTEGER PRIMARY KEY); INSERT INTO ${quoted} VALUES (1)`);
    await project.migration('001_it.sql', `DELETE FROM ${quoted};`);
    const { findings } = await judged(project);
    const permit = /-- forerun: allow .+(?=\.$)/.exec(findings.join())?.[0];
    await project.migration('001_it.sql', `${permit}\nDELETE FROM ${quoted};`);
    expect((await judged(project)).result).toMatchObject({ outcome: 'passed' });
  });

  test('a down is permitted in its own file, or else in the configuration', async () => {
    const project = await newProject();
    const row = "INSERT INTO users (email, name) VALUES ('d@example.com', 'D');";
    const back = "DELETE FROM users WHERE email = 'd@example.com';";
    await project.migration('001_pair.up.sql', row);
    await project.migration('001_pair.down.sql', back);
    const setup = await project.setup();
    await up(setup, {});
    expect((await down(setup, { safe: true })).findings).toMatchObject([
      {
        message: expect.stringContaining('write in the migration'),
        where: { file: expect.stringContaining('.down.sql') },
      },
    ]);
    await project.migration('001_pair.down.sql', `-- forerun: allow rows-lost users\n${back}`);
    expect(await down(await project.setup(), { safe: true })).toMatchObject({ outcome: 'promoted' });

    await project.migration('002_one.sql', `-- migrate:up\n${row}\n-- migrate:down\n${back}`.replaceAll('d@', 'e@'));
    await up(setup, { to: '002_one' });
    expect((await down(setup, { safe: true })).findings).toMatchObject([
      { message: expect.stringContaining("write in the configuration: allow: ['rows-lost users']") },
    ]);
    const permitted = await project.setup({ allow: ['rows-lost users'] });
    expect(await down(permitted, { safe: true })).toMatchObject({ outcome: 'promoted' });
  });

  test('a statement that sets a column of one row does not speak for the others', async () => {
    const project = await newProject();
    const rebuild =
      'CREATE TABLE u (id INTEGER PRIMARY KEY, name TEXT, email TEXT); INSERT INTO u SELECT * FROM users; DROP TABLE users; ALTER TABLE u RENAME TO users;';
    for (const other of [
      "REPLACE INTO users VALUES (1, 'A', 'a@example.com');",
      "UPDATE users SET name = 'A', email = 'e' WHERE id = 1;",
    ]) {
      await project.migration('001_it.sql', `${rebuild} ${other}`);
      const { result, findings } = await judged(project);
      expect(result.outcome).toBe('blocked');
      expect(findings.join()).toContain('users.name has another value in 3 rows');
    }
    await project.migration(
      '001_it.sql',
      "UPDATE users SET name = 'A'; UPDATE users SET email = id || '@' RETURNING id;",
    );
    expect((await judged(project)).result).toMatchObject({ outcome: 'passed' });
  });

  test('the policy sets a gate to warn, or off', async () => {
    const project = await newProject();
    await project.migration('001_it.sql', 'DELETE FROM orders WHERE id = 2;');
    expect((await judged(project, { policy: { 'data-preserved': 'warn' } })).result).toMatchObject({
      outcome: 'passed',
      findings: [{ severity: 'warn' }],
    });
    expect((await judged(project, { policy: { 'data-preserved': 'off' } })).result).toMatchObject({
      outcome: 'passed',
      findings: [{ gate: 'policy', severity: 'note', message: 'Gates that are off: data-preserved.' }],
    });
  });
});

describe('integrity', () => {
  test('finds orphans that a rebuild with foreign keys off leaves, and counts them', async () => {
    const project = await newProject();
    await project.migration(
      '001_it.sql',
      'CREATE TABLE u (id INTEGER PRIMARY KEY, email TEXT, name TEXT); INSERT INTO u SELECT * FROM users WHERE id > 1; DROP TABLE users; ALTER TABLE u RENAME TO users;',
    );
    const { findings } = await judged(project);
    expect(findings).toContain('block integrity: 2 rows of orders refer to rows of users that are not there.');
  });

  test('does not blame a migration for orphans that were there before', async () => {
    const project = await newProject({
      seed: `PRAGMA foreign_keys = OFF; ${shop} INSERT INTO orders (user_id, total) VALUES (99, 1);`,
    });
    await project.migration('001_it.sql', 'ALTER TABLE users RENAME TO people;');
    const { findings } = await judged(project);
    expect(findings).toEqual([]);
  });
});

describe('reversible', () => {
  async function withDown(up: string, down: string): Promise<readonly Brief[]> {
    const project = await newProject();
    await project.migration('001_it.up.sql', up);
    await project.migration('001_it.down.sql', down);
    return (await judged(project)).findings;
  }

  test('is content with a down that brings everything back', async () => {
    expect(await withDown('ALTER TABLE users ADD COLUMN age INTEGER;', 'ALTER TABLE users DROP COLUMN age;')).toEqual(
      [],
    );
  });

  test('warns of a down that leaves another schema', async () => {
    expect(await withDown('CREATE TABLE a (x); CREATE TABLE b (x);', 'DROP TABLE a;')).toEqual([
      'block reversible: Tried up, down and up: its up, again after its down, does not run: table b already exists',
    ]);
    expect(await withDown('CREATE TABLE IF NOT EXISTS a (x);', 'SELECT 1;')).toEqual([
      'warn reversible: Its down does not bring back the schema: table a is added.',
    ]);
  });

  test('warns of a down that leaves other contents', async () => {
    expect(await withDown('UPDATE users SET name = lower(name);', "UPDATE users SET name = 'nobody';")).toEqual([
      'note data-preserved: users.name has another value in 3 rows, as a statement sets it.',
      'warn reversible: Its down does not bring back the contents: other values in users.name.',
    ]);
  });

  test('blocks a down that fails', async () => {
    expect(await withDown('CREATE TABLE a (x);', 'DROP TABLE b;')).toEqual([
      'block reversible: Tried up, down and up: its down does not run: no such table: b',
    ]);
  });

  test('names the file, the line and the statement of a down that fails', async () => {
    const project = await newProject();
    await project.migration('001_it.up.sql', 'CREATE TABLE a (x);');
    await project.migration('001_it.down.sql', '-- the way back\nDROP TABLE a;\nDROP TABLE b;');
    const { result } = await judged(project);
    expect(result.findings.find((finding) => finding.gate === 'reversible')?.where).toMatchObject({
      file: expect.stringMatching(/001_it\.down\.sql$/),
      line: 3,
      sql: 'DROP TABLE b',
    });
  });
});

describe("the user's checks", () => {
  async function withChecks(
    files: Record<string, string>,
    migration = 'CREATE TABLE a (x);',
    config: Partial<Config> = {},
  ): Promise<RunResult> {
    const project = await newProject();
    await mkdir(join(project.root, 'checks'));
    for (const [name, text] of Object.entries(files)) await writeFile(join(project.root, 'checks', name), text);
    await project.migration('001_it.sql', migration);
    return (await judged(project, config)).result;
  }

  test('a file that finds no row, and whose refused statement is refused with its code, passes', async () => {
    const result = await withChecks({
      'orders.sql': `SELECT id FROM orders WHERE user_id NOT IN (SELECT id FROM users);
-- forerun: must fail SQLITE_CONSTRAINT_UNIQUE
INSERT INTO users (email, name) VALUES ('alice@example.com', 'Another');`,
    });
    expect(result).toMatchObject({ outcome: 'passed', findings: [] });
    expect(result.migrations[0]?.evidence.checks).toMatchObject([
      { name: 'orders.sql', when: 'before', ok: true },
      { name: 'orders.sql', when: 'after', ok: true },
    ]);
  });

  test('any row is a finding, told by count and column and never by value', async () => {
    const result = await withChecks({ 'cheap.sql': 'SELECT email FROM users WHERE id < 3;' }, 'CREATE TABLE a (x);');
    expect(result).toMatchObject({ outcome: 'blocked' });
    expect(result.findings[0]?.message).toBe(
      'Check cheap.sql fails (it failed before the migration, too): 2 rows (email) found by: SELECT email FROM users WHERE id < 3',
    );
    expect(JSON.stringify(result)).not.toContain('alice@example.com');
  });

  test('a check that fails in running tells no value, and one that fails in reading tells why', async () => {
    const project = await newProject();
    await project.migration('001_it.sql', 'CREATE TABLE it (a);');
    await mkdir(join(project.root, 'checks'));
    const checks = {
      'a.sql': "SELECT id FROM users WHERE json_extract('{}', name) IS NOT NULL;",
      'b.sql': 'SELECT nonesuch FROM users;',
    };
    for (const [name, text] of Object.entries(checks)) await writeFile(join(project.root, 'checks', name), text);
    const { result } = await judged(project);
    expect(JSON.stringify(result)).not.toContain('Alice');
    expect(result.findings.map(({ message }) => message).join()).toContain('no such column: nonesuch');
  });

  test('a statement that must fail and does not is a finding', async () => {
    const text =
      "-- forerun: must fail SQLITE_CONSTRAINT_UNIQUE\nINSERT INTO users (email, name) VALUES ('new@example.com', 'N');";
    expect((await withChecks({ 'unique.sql': text })).findings[0]?.message).toContain(
      'accepted what it must refuse with SQLITE_CONSTRAINT_UNIQUE',
    );
  });

  test.each([
    ['must fail SQLITE_CONSTRAINT', 'the code that theirs is one of'],
    ['must fail sqlite_constraint_unique', 'in any case'],
    ['Must  Fail SQLITE_CONSTRAINT_UNIQUE', 'with the words in any case'],
  ])('a statement under "%s" is refused with it: %s', async (line) => {
    const text = `-- SELECT id: alice\n-- forerun: ${line}\nINSERT INTO users (email, name) VALUES ('alice@example.com', 'A');`;
    expect(await withChecks({ 'unique.sql': text })).toMatchObject({ outcome: 'passed', findings: [] });
  });

  test('a code that only begins alike is another one', async () => {
    const text =
      "-- forerun: must fail SQLITE_CONS\nINSERT INTO users (email, name) VALUES ('alice@example.com', 'Another');";
    expect((await withChecks({ 'unique.sql': text })).findings[0]?.message).toContain(
      'It failed with SQLITE_CONSTRAINT_UNIQUE, not with SQLITE_CONS',
    );
    expect(isCode('23505', '23')).toBe(true);
    expect(isCode('23505', '23505')).toBe(true);
    expect(isCode('23505', '2')).toBe(false);
    expect(isCode('SQLITE_BUSY', 'SQ')).toBe(false);
  });

  const insert = "INSERT INTO users (email, name) VALUES ('alice@example.com', 'Another');";
  test.each<[string, string, RegExp]>([
    [
      'must fail without a code',
      `SELECT 1 WHERE 0;\n-- forerun: must fail\n${insert}`,
      /:2: "-- forerun: must fail" is not/,
    ],
    ['must-fail', `-- forerun: must-fail SQLITE_CONSTRAINT_UNIQUE\n${insert}`, /:1: .*is not understood/],
    ['mustfail', `-- forerun: mustfail SQLITE_CONSTRAINT_UNIQUE\n${insert}`, /:1: .*is not understood/],
    ['no colon', `-- forerun must fail SQLITE_CONSTRAINT_UNIQUE\n${insert}`, /:1: .*is not understood/],
    ['another word', '-- forerun: expect 3 rows\nSELECT id FROM orders WHERE 0;', /:1: .*is not understood/],
    ['a line behind the statement', `${insert} -- forerun: must fail SQLITE_CONSTRAINT`, /:1: .*is not understood/],
    [
      'a line above nothing',
      'SELECT 1 WHERE 0;\n-- forerun: must fail SQLITE_CONSTRAINT\n',
      /:2: the line stands above no/,
    ],
    [
      'a line inside a statement',
      'SELECT 1\n-- forerun: must fail SQLITE_CONSTRAINT\nWHERE 0;',
      /:2: the line stands above/,
    ],
    [
      'a DELETE',
      'SELECT 1 WHERE 0;\n\nDELETE FROM orders WHERE id = 1;',
      /:3: the statement asks nothing.*: DELETE FROM/,
    ],
    ['a DELETE that returns', 'DELETE FROM orders RETURNING id;', /:1: the statement asks nothing/],
    ['a DELETE behind WITH', 'WITH x AS (SELECT 1) DELETE FROM orders;', /:1: the statement asks nothing/],
    ['a DROP', 'DROP TABLE orders;', /:1: the statement asks nothing/],
    ['what is no SQL', 'SELECT 1 WHERE 0;\nSELEC id FROM orders;', /:2: near "SELEC": syntax error/],
    ['half a statement', 'SELECT id FROM orders WHERE (total > 3', /:1: incomplete input/],
    ['no statement', '-- later\n', /:1: the file has no statement/],
  ])('a file with %s stops the run before anything is copied', async (_, text, message) => {
    const project = await newProject();
    await mkdir(join(project.root, 'checks'));
    await writeFile(join(project.root, 'checks', 'a.sql'), text);
    await project.migration('001_it.sql', 'CREATE TABLE a (x);');
    const setup = await project.setup();
    for (const result of [await gate(setup), await up(setup, { safe: true })]) {
      expect(result).toMatchObject({ outcome: 'failed', exitCode: 2, copies: [], error: { code: 'CONFIG' } });
      expect(result.error?.message).toMatch(message);
      expect(result.error?.message).toContain(join(project.root, 'checks', 'a.sql'));
      expect(result.error?.next).toMatch(/must fail <code>|Correct|Write a SELECT/);
    }
    expect(project.read('SELECT count(*) FROM orders')).toEqual([3]);
  });

  test('a question may come with WITH, quote a verb, and ask for what the migration makes', async () => {
    const text = `WITH x AS (SELECT 'delete from' AS "update") SELECT * FROM x WHERE 0;
PRAGMA foreign_key_check;
SELECT replace(name, 'a', 'b') FROM users WHERE 0; -- a remark
SELECT x FROM made WHERE x IS NULL;`;
    const result = await withChecks({ 'a.sql': text }, 'CREATE TABLE made (x);');
    expect(result).toMatchObject({ outcome: 'passed' });
  });

  test('a program that there is not stops the run before anything is copied', async () => {
    const project = await newProject();
    await project.migration('001_it.sql', 'CREATE TABLE a (x);');
    await writeFile(join(project.root, 'plain.txt'), '');
    for (const [command, why] of [
      ['nosuchprog now', 'There is no program nosuchprog.'],
      ['./plain.txt', 'plain.txt cannot be executed by this user.'],
    ] as const) {
      const result = await up(await project.setup({ validate: [command] }), { safe: true });
      expect(result).toMatchObject({ outcome: 'failed', exitCode: 2, copies: [], error: { code: 'CONFIG' } });
      expect(result.error?.message).toContain(why);
    }
  });

  test('one that fails before is told at once, and its phase is no success', async () => {
    const project = await newProject();
    await project.migration('001_it.sql', 'CREATE TABLE a (x);');
    const lines: string[] = [];
    const onEvent = (event: Event): void => void lines.push(phaseText(event, plain) ?? '');
    const setup = await project.setup({ verify: { no: async () => false, yes: async () => true } });
    await gate(setup, { onEvent });
    const told = lines.indexOf('… Check no fails already, before any migration: It answered false.');
    expect(told).toBeGreaterThan(0);
    expect(lines.findIndex((line) => line.startsWith('✗ checks before'))).toBeGreaterThan(told);
    expect(lines.findIndex((line) => line.startsWith('✓ rehearse 001_it'))).toBeGreaterThan(told);
    expect(lines.some((line) => line.startsWith('✓ checks'))).toBe(false);
  });

  test('commands run on the branch before and after, and the numbers on their last line become metrics', async () => {
    const script = `const D = require('better-sqlite3'); const d = new D(process.env.DATABASE_URL);
      console.log('looking'); console.log(JSON.stringify({ tables: d.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'a'").pluck().get() }))`;
    const project = await newProject();
    await writeFile(
      join(project.root, 'validate.cjs'),
      script.replace(
        "require('better-sqlite3')",
        `require(${JSON.stringify(join(process.cwd(), 'node_modules/better-sqlite3'))})`,
      ),
    );
    await project.migration('001_it.sql', 'CREATE TABLE a (x);');
    const { result } = await judged(project, { validate: ['node validate.cjs'] });
    expect(result).toMatchObject({ outcome: 'passed', migrations: [{ evidence: { metrics: { tables: 1 } } }] });
  });

  test('a command that exits with another code than 0 blocks, and its output is told', async () => {
    const result = await withChecks({}, 'CREATE TABLE a (x);', {
      validate: [`node -e "console.log('not today');process.exit(7)"`],
    });
    expect(result).toMatchObject({ outcome: 'blocked', exitCode: 3 });
    expect(result.findings[0]?.message).toContain('not today\nIt exited with 7.');
  });

  test('a command that hangs is ended at the limit', async () => {
    const result = await withChecks({}, 'CREATE TABLE a (x);', { validate: ['sleep 600'], commandLimitSeconds: 0.3 });
    expect(result.findings[0]?.message).toContain('It ran longer than 0.3 s and was ended.');
  });

  test('functions are asked, and a throw is a failed check', async () => {
    const result = await withChecks({}, 'CREATE TABLE a (x);', {
      verify: {
        yes: async () => true,
        no: async () => false,
        throws: async () => Promise.reject(new Error('out of reach')),
      },
    });
    expect(result.findings.map((finding) => finding.message)).toEqual([
      'Check no fails (it failed before the migration, too): It answered false.',
      'Check throws fails (it failed before the migration, too): It threw: out of reach',
    ]);
  });
});
