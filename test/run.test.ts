import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fingerprint } from '../src/checksum.ts';
import { down, gate, up } from '../src/run.ts';
import type { RunResult } from '../src/result.ts';
import type { Setup } from '../src/setup.ts';
import { newProject, shop, type Project } from './support/project.ts';

const premium = `ALTER TABLE users ADD COLUMN is_premium INTEGER NOT NULL DEFAULT 0;
CREATE TABLE benefits (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO benefits (name) VALUES ('Free shipping'), ('Discount');
UPDATE users SET is_premium = 1 WHERE id = 1;
`;
const inventory = 'CREATE TABLE suppliers (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\n';

async function state(setup: Setup): Promise<{ schema: string; contents: Record<string, unknown> }> {
  await using connection = await setup.driver.open(setup.main);
  const tables = await setup.driver.tables(connection);
  return {
    schema: fingerprint(await setup.driver.schema(connection)),
    contents: Object.fromEntries(await setup.driver.contents(connection, tables)),
  };
}

function messages(result: RunResult, gateName?: string): string[] {
  return result.findings
    .filter((finding) => gateName === undefined || finding.gate === gateName)
    .map((finding) => finding.message);
}

async function copiesLeft(setup: Setup): Promise<{ kind: string; label: string }[]> {
  return (await setup.provider.list(setup.main)).map(({ kind, label }) => ({ kind, label }));
}

describe('up without --safe', () => {
  test('does not call a migration undone that ran without a transaction', async () => {
    const project = await newProject();
    await project.migration(
      '001_half.sql',
      'DELETE FROM users WHERE id = 1;\nVACUUM;\nINSERT INTO nowhere VALUES (1);\n',
    );
    const result = await up(await project.setup(), {});

    expect(project.read('SELECT id FROM users ORDER BY id')).toEqual([2, 3]);
    expect(result).toMatchObject({ outcome: 'needs-person', exitCode: 4, error: { code: 'NEEDS_PERSON' } });
    expect(result.error?.message).toContain('line 3');
  });

  test('says that main is as it was where such a migration had committed nothing', async () => {
    const project = await newProject();
    await project.migration('001_half.sql', 'INSERT INTO nowhere VALUES (1);\nVACUUM;\n');
    expect(await up(await project.setup(), {})).toMatchObject({ outcome: 'rolled-back', exitCode: 3 });
  });
});

test('a full disk says nothing about the migration', async () => {
  const project = await newProject();
  const full = 'PRAGMA max_page_count = 1;\nCREATE TABLE big (b);\nINSERT INTO big VALUES (zeroblob(999999));\n';
  await project.migration('001_big.sql', full);
  const result = await up(await project.setup(), { safe: true });
  expect(result).toMatchObject({ outcome: 'failed', exitCode: 1, error: { code: 'PROVIDER_FAILED' } });
  expect(result.error?.next).toContain('Free some space');
});

describe("Forerun's own tables", () => {
  test('are written by REINDEX and VACUUM, and stay as they are', async () => {
    const project = await newProject();
    await project.migration('001_premium.sql', premium);
    await project.migration('002_again.sql', 'REINDEX; ANALYZE; VACUUM;');
    const setup = await project.setup();
    expect(await up(setup, { safe: true, to: '001' })).toMatchObject({ outcome: 'promoted' });
    expect(await up(setup, { safe: true })).toMatchObject({ outcome: 'promoted' });
  });

  test.each([
    'DELETE FROM _schema_history;',
    'DROP TABLE _forerun_journal;',
    "UPDATE _schema_history SET checksum = 'x';",
    'CREATE TRIGGER t AFTER DELETE ON users BEGIN DELETE FROM _schema_history; END; DELETE FROM users;',
  ])('are not for migrations to write: %s', async (sql) => {
    const project = await newProject();
    await project.migration('001_premium.sql', premium);
    const setup = await project.setup();
    expect(await up(setup, { safe: true })).toMatchObject({ outcome: 'promoted' });
    await project.migration('002_wipe.sql', sql);
    const result = await up(setup, { safe: true });
    expect(result).toMatchObject({ outcome: 'blocked', exitCode: 3 });
    expect(messages(result, 'applies').join()).toMatch(/It writes _(schema_history|forerun_journal)/);
    expect(project.read('SELECT name FROM _schema_history')).toEqual(['001_premium']);
  });
});

describe('a check that changes main', () => {
  test.each([
    ['up --safe', (setup: Setup) => up(setup, { safe: true })],
    ['gate', (setup: Setup) => gate(setup)],
  ] as const)('is found out, and the checkpoint from before is kept: %s', async (_verb, run) => {
    const project = await newProject();
    await project.migration('001_add.sql', 'ALTER TABLE users ADD COLUMN mail TEXT;');
    const setup = await project.setup({
      verify: {
        async cleaner() {
          project.write('DELETE FROM users');
          return true;
        },
      },
    });
    const result = await run(setup);
    expect(result).toMatchObject({ outcome: 'needs-person', exitCode: 4 });
    expect(result.error?.next).toContain(`forerun diff ${result.copies[0]?.id} main`);
    expect(result.error?.message).toMatch(
      /^While a check ran on a branch, main was written, .* it does not use what it is given, or /,
    );
    expect(await copiesLeft(setup)).toEqual([{ kind: 'checkpoint', label: '001_add' }]);
  });
});

describe('up --safe', () => {
  test('promotes every pending migration by replay, each behind its own checkpoint', async () => {
    const project = await newProject();
    await project.migration('001_premium.sql', premium);
    await project.migration('002_inventory.sql', inventory);
    const setup = await project.setup();
    const before = await state(setup);

    const result = await up(setup, { safe: true });

    expect(result).toMatchObject({ outcome: 'promoted', exitCode: 0, findings: [] });
    expect(result.migrations.map(({ name, outcome, promotion }) => ({ name, outcome, promotion }))).toEqual([
      { name: '001_premium', outcome: 'promoted', promotion: 'replay' },
      { name: '002_inventory', outcome: 'promoted', promotion: 'replay' },
    ]);
    expect(project.read('SELECT is_premium FROM users ORDER BY id')).toEqual([1, 0, 0]);
    expect(project.read('SELECT name FROM _schema_history ORDER BY name')).toEqual(['001_premium', '002_inventory']);
    expect(await copiesLeft(setup)).toEqual([
      { kind: 'checkpoint', label: '001_premium' },
      { kind: 'checkpoint', label: '002_inventory' },
    ]);
    expect((await state(setup)).schema).not.toBe(before.schema);
  });

  test.each(['wal', 'delete'] as const)(
    'each checkpoint restores main as it was just before its migration (%s)',
    async (journalMode) => {
      const project = await newProject({ journalMode });
      await project.migration('001_premium.sql', premium);
      await project.migration('002_inventory.sql', inventory);
      await project.migration('003_more.sql', 'INSERT INTO suppliers (name) VALUES (1);');
      const setup = await project.setup();
      const states = [await state(setup)];
      const listening = await up(setup, { safe: true, step: 1 });
      states.push(await state(setup));
      const rest = await up(setup, { safe: true });
      expect([listening.outcome, rest.outcome]).toEqual(['promoted', 'promoted']);

      const checkpoints = (await setup.provider.list(setup.main)).filter((copy) => copy.kind === 'checkpoint');
      expect(checkpoints.map((copy) => copy.label)).toEqual(['001_premium', '002_inventory', '003_more']);
      for (const [at, expected] of states.entries()) {
        const checkpoint = checkpoints[at];
        expect(checkpoint).toBeDefined();
        if (checkpoint !== undefined) await setup.provider.restore?.(checkpoint, setup.main);
        expect(await state(setup)).toEqual(expected);
      }
    },
  );

  test("with checkpoints: 'once' takes one before all", async () => {
    const project = await newProject();
    await project.migration('001_premium.sql', premium);
    await project.migration('002_inventory.sql', inventory);
    const setup = await project.setup({ checkpoints: 'once' });
    expect((await up(setup, { safe: true })).outcome).toBe('promoted');
    expect(await copiesLeft(setup)).toEqual([{ kind: 'checkpoint', label: '001_premium' }]);
  });

  test('leaves main untouched when a later migration fails, and discards what it made', async () => {
    const project = await newProject();
    await project.migration('001_premium.sql', premium);
    await project.migration(
      '002_broken.sql',
      'CREATE TABLE a (x);\nINSERT INTO a VALUES (1);\nINSERT INTO nowhere VALUES (1);\nSELECT 1;\nSELECT 2;\n',
    );
    const setup = await project.setup();
    const before = await state(setup);

    const result = await up(setup, { safe: true });

    expect(result).toMatchObject({ outcome: 'blocked', exitCode: 3 });
    expect(result.migrations.map((migration) => migration.outcome)).toEqual(['passed', 'blocked']);
    expect(result.findings).toEqual([
      {
        gate: 'applies',
        severity: 'block',
        migration: '002_broken',
        message: 'no such table: nowhere (SQLITE_ERROR)',
        where: {
          file: join(project.root, 'migrations', '002_broken.sql'),
          line: 3,
          statement: 3,
          sql: 'INSERT INTO nowhere VALUES (1)',
        },
      },
    ]);
    expect(await state(setup)).toEqual(before);
    expect(await copiesLeft(setup)).toEqual([]);
    expect(project.read("SELECT name FROM sqlite_schema WHERE name = '_schema_history'")).toEqual([]);
  });

  test('promotes what passes before the first that is blocked, if asked to', async () => {
    const project = await newProject();
    await project.migration('001_premium.sql', premium);
    await project.migration('002_broken.sql', 'INSERT INTO nowhere VALUES (1);');
    const setup = await project.setup();
    const result = await up(setup, { safe: true, promotePassing: true });
    expect(result).toMatchObject({ outcome: 'partly-promoted', exitCode: 3 });
    expect(result.migrations.map((migration) => migration.outcome)).toEqual(['promoted', 'blocked']);
    expect(project.read('SELECT name FROM _schema_history')).toEqual(['001_premium']);
  });

  test('finds nothing to do the second time, and takes no copy for it', async () => {
    const project = await newProject();
    await project.migration('001_premium.sql', premium);
    const setup = await project.setup();
    await up(setup, { safe: true });
    const result = await up(setup, { safe: true });
    expect(result).toMatchObject({ outcome: 'nothing-pending', exitCode: 0, copies: [] });
  });

  test('honours to and step', async () => {
    const project = await newProject();
    for (const n of [1, 2, 3, 4]) await project.migration(`00${n}_t.sql`, `CREATE TABLE t${n} (x);`);
    const setup = await project.setup();
    await up(setup, { safe: true, step: 1 });
    expect(project.read('SELECT name FROM _schema_history')).toEqual(['001_t']);
    await up(setup, { safe: true, to: '003_t' });
    expect(project.read('SELECT name FROM _schema_history')).toEqual(['001_t', '002_t', '003_t']);
    expect(await up(setup, { safe: true, to: 'nothing' })).toMatchObject({
      outcome: 'failed',
      exitCode: 2,
      error: { code: 'NOT_FOUND' },
    });
  });
});

describe('swap', () => {
  test.each(['wal', 'delete'] as const)(
    'brings in a batch with a statement that cannot run in a transaction (%s)',
    async (journalMode) => {
      const project = await newProject({ journalMode });
      await project.migration('001_premium.sql', premium);
      await project.migration(
        '002_compact.sql',
        'DELETE FROM orders WHERE id = 3; -- forerun: allow rows-lost orders\nVACUUM;',
      );
      await project.migration('003_inventory.sql', inventory);
      const setup = await project.setup();
      const before = await state(setup);

      const result = await up(setup, { safe: true });

      expect(result).toMatchObject({ outcome: 'promoted', exitCode: 0 });
      expect(result.migrations.map((migration) => migration.promotion)).toEqual(['swap', 'swap', 'swap']);
      expect(project.read('SELECT count(*) FROM orders')).toEqual([2]);
      expect(project.read('PRAGMA journal_mode')).toEqual([journalMode]);
      const copies = await setup.provider.list(setup.main);
      expect(copies.map(({ kind, label }) => [kind, label])).toEqual([
        ['checkpoint', '001_premium'],
        ['checkpoint', '002_compact'],
        ['checkpoint', '003_inventory'],
      ]);
      const first = copies[0];
      if (first !== undefined) await setup.provider.restore?.(first, setup.main);
      expect(await state(setup)).toEqual(before);
    },
  );

  test('is how all-or-nothing is kept', async () => {
    const project = await newProject();
    await project.migration('001_premium.sql', premium);
    await project.migration('002_inventory.sql', inventory);
    const result = await up(await project.setup(), { safe: true, allOrNothing: true });
    expect(result.migrations.map((migration) => migration.promotion)).toEqual(['swap', 'swap']);
  });
});

describe('what stops a promotion', () => {
  test('a file changed between its rehearsal and its promotion', async () => {
    const project = await newProject();
    await project.migration('001_premium.sql', premium);
    const setup = await project.setup();
    const before = await state(setup);
    const changing: Setup = {
      ...setup,
      provider: {
        ...setup.provider,
        async moved(since) {
          await project.migration('001_premium.sql', `${premium}DROP TABLE orders;`);
          return setup.provider.moved(since);
        },
      },
    };
    const result = await up(changing, { safe: true });
    expect(result).toMatchObject({ outcome: 'rolled-back', exitCode: 3 });
    expect(messages(result)).toEqual([
      'The file of 001_premium was changed between its rehearsal and its promotion. Run again: the file is rehearsed as it is now.',
    ]);
    expect(await state(setup)).toEqual(before);
  });

  test('another schema on main than the rehearsal began with', async () => {
    const project = await newProject();
    await project.migration('001_premium.sql', premium);
    const setup = await project.setup();
    const meddling: Setup = {
      ...setup,
      provider: {
        ...setup.provider,
        async moved(since) {
          project.write('CREATE TABLE sneaked_in (x)');
          return setup.provider.moved(since);
        },
      },
    };
    const result = await up(meddling, { safe: true });
    expect(result).toMatchObject({ outcome: 'rolled-back', exitCode: 3 });
    expect(messages(result)).toEqual([
      "Main's schema is not what the rehearsal began with: somebody changed it in between. Run again: the rehearsal begins anew from main as it is now.",
    ]);
    expect(
      project.read("SELECT name FROM sqlite_schema WHERE name IN ('benefits', 'sneaked_in', '_schema_history')"),
    ).toEqual(['sneaked_in']);
  });

  test('rows that only main would lose', async () => {
    const project = await newProject();
    await project.migration('001_old.sql', 'DELETE FROM orders WHERE total > 1000;');
    const setup = await project.setup();
    const meddling: Setup = {
      ...setup,
      provider: {
        ...setup.provider,
        async moved(since) {
          project.write('INSERT INTO orders (user_id, total) VALUES (1, 5000)');
          return setup.provider.moved(since);
        },
      },
    };
    const result = await up(meddling, { safe: true });
    expect(result).toMatchObject({ outcome: 'rolled-back', exitCode: 3 });
    expect(messages(result)).toEqual([
      '1 rows of orders would be gone on main (4 before, 3 after); none was in the rehearsal. Run again: the rehearsal begins anew from main as it is now.',
    ]);
    expect(project.read('SELECT count(*) FROM orders')).toEqual([4]);
  });

  test('a migration that fails on main after an earlier one was promoted: the earlier one stays', async () => {
    const project = await newProject();
    await project.migration('001_premium.sql', premium);
    await project.migration('002_unique.sql', 'CREATE UNIQUE INDEX orders_total ON orders (total);');
    const setup = await project.setup();
    const listener = (event: { type: string; migration?: string }): void => {
      if (event.type === 'promoted' && event.migration === '001_premium')
        project.write('INSERT INTO orders (user_id, total) VALUES (1, 20)');
    };
    const result = await up(setup, { safe: true, onEvent: listener });
    expect(result).toMatchObject({ outcome: 'partly-promoted', exitCode: 3 });
    expect(result.migrations.map((migration) => migration.outcome)).toEqual(['promoted', 'rolled-back']);
    expect(project.read('SELECT name FROM _schema_history')).toEqual(['001_premium']);
    expect(project.read("SELECT name FROM sqlite_schema WHERE name = 'orders_total'")).toEqual([]);
  });
});

describe('drift', () => {
  test('is listed whole, with what changed in a changed file, and stops the run', async () => {
    const project = await newProject();
    await project.migration('001_premium.sql', premium);
    await project.migration('003_inventory.sql', inventory);
    const setup = await project.setup();
    await up(setup, { safe: true });
    await project.migration('001_premium.sql', premium.replace('Free shipping', 'Nothing'));
    await project.migration('002_late.sql', 'CREATE TABLE late (x);');
    await project.migration('04_a.sql', 'CREATE TABLE a (x);');
    await project.migration('4_b.sql', 'CREATE TABLE b (x);');
    project.write("INSERT INTO _schema_history VALUES ('000', '000_gone', '2020-01-01T00:00:00Z', 'sha256:0')");

    const result = await up(setup, { safe: true });

    expect(result).toMatchObject({ outcome: 'blocked', exitCode: 3 });
    expect(result.drift.map((drift) => drift.kind)).toEqual(['changed', 'missing', 'out-of-order', 'duplicate']);
    const [changed] = result.drift;
    expect(changed?.kind === 'changed' && changed.diff).toContain(
      "-INSERT INTO benefits (name) VALUES ('Free shipping'), ('Discount');\n+INSERT INTO benefits (name) VALUES ('Nothing'), ('Discount');",
    );
    expect(messages(result, 'drift')).toHaveLength(4);
  });

  test('out of order can be allowed by the policy', async () => {
    const project = await newProject();
    await project.migration('002_inventory.sql', inventory);
    const setup = await project.setup({ policy: { 'out-of-order': 'warn' } });
    await up(setup, { safe: true });
    await project.migration('001_premium.sql', premium);
    const result = await up(setup, { safe: true });
    expect(result).toMatchObject({ outcome: 'promoted', findings: [{ gate: 'drift', severity: 'warn' }] });
  });
});

describe('gate', () => {
  test('judges without touching main or leaving anything behind', async () => {
    const project = await newProject();
    await project.migration('001_premium.sql', premium);
    const setup = await project.setup();
    const before = await state(setup);
    expect(await gate(setup)).toMatchObject({
      outcome: 'passed',
      exitCode: 0,
      migrations: [{ outcome: 'passed', promotion: null }],
    });
    await project.migration('002_lossy.sql', 'DELETE FROM orders WHERE id = 1;');
    const lossy = await gate(setup);
    expect(lossy).toMatchObject({ outcome: 'blocked', exitCode: 3 });
    expect(messages(lossy)).toEqual([
      '1 row of orders is gone (it had 3 and has 2). If that is meant, write in the migration: -- forerun: allow rows-lost orders.',
    ]);
    expect(await state(setup)).toEqual(before);
    expect(
      project.read("SELECT count(*) FROM sqlite_schema WHERE name LIKE '%forerun%' OR name LIKE '%history'"),
    ).toEqual([0]);
    expect(await copiesLeft(setup)).toEqual([]);
  });
});

describe('up without safe, and down', () => {
  test('up applies without a copy; down --safe takes the last back', async () => {
    const project = await newProject();
    await project.migration('001_premium.up.sql', premium);
    await project.migration('001_premium.down.sql', 'ALTER TABLE users DROP COLUMN is_premium;\nDROP TABLE benefits;');
    const setup = await project.setup();
    const before = await state(setup);
    expect(await up(setup)).toMatchObject({ outcome: 'promoted', copies: [], migrations: [{ promotion: null }] });
    const result = await down(setup, { safe: true });
    expect(result).toMatchObject({ outcome: 'promoted', migrations: [{ promotion: 'replay' }] });
    expect(await state(setup)).toEqual(before);
    expect(project.read('SELECT count(*) FROM _schema_history')).toEqual([0]);
  });

  test('down refuses a migration without a down before it does anything', async () => {
    const project = await newProject();
    await project.migration('001_premium.sql', premium);
    const setup = await project.setup();
    await up(setup);
    expect(await down(setup, { safe: true })).toMatchObject({
      outcome: 'failed',
      exitCode: 2,
      error: { code: 'BAD_MIGRATION' },
    });
  });
});

describe('a database in an awkward place', () => {
  test.each(['with space', "it's", 'emoji 🦆 "quoted"'])('works in a folder called %s', async (folder) => {
    const project: Project = await newProject({ folder, seed: shop });
    await project.migration('001_premium.sql', premium);
    expect((await up(await project.setup(), { safe: true })).outcome).toBe('promoted');
    expect(readdirSync(join(project.root, '.forerun')).sort()).toContain('copies');
  });
});
