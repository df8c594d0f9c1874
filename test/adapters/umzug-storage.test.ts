import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { JSONStorage, Umzug, type UmzugStorage } from 'umzug';
import { describe, expect, test } from 'vitest';
import { safeUmzug, schemaHistory, type SafeUmzug } from '../../adapters/umzug.ts';
import { checksum } from '../../src/checksum.ts';
import { rollback } from '../../src/index.ts';
import { sqlite } from '../../src/drivers/sqlite.ts';
import { broken, migration, premium, suppliers, type Context } from './fixtures/umzug/migrations.ts';
import { umzugProject, type UmzugProject } from './fixtures/umzug/project.ts';

const rows = 'SELECT name FROM _schema_history ORDER BY name';

function safe(
  project: UmzugProject,
  storage: UmzugStorage<Context>,
  migrations = [premium, suppliers],
): SafeUmzug<Context> {
  return safeUmzug<Context>(
    { migrations, storage, logger: undefined },
    { database: project.path, context: (_target, connection) => ({ db: connection as Database.Database }) },
  );
}

function json(project: UmzugProject): JSONStorage {
  return new JSONStorage({ path: join(project.root, 'record.json') });
}

/** What somebody applied by a plain Umzug before. */
async function applyPlainly(project: UmzugProject, storage: UmzugStorage<Context>): Promise<void> {
  const db = new Database(project.path);
  await new Umzug<Context>({ migrations: [premium], storage, context: { db }, logger: undefined }).up();
  db.close();
}

describe('the history as the storage of a plain Umzug', () => {
  test('records versions and checksums of files', async () => {
    const text =
      'export const up = async ({ context }) => context.db.exec("CREATE TABLE a (i)");\nexport const down = async ({ context }) => context.db.exec("DROP TABLE a");\n';
    const project = await umzugProject({ 'migrations/001_a.mjs': text });
    const db = new Database(project.path);
    const driver = sqlite();
    const umzug = new Umzug<Context>({
      migrations: { glob: ['migrations/*.mjs', { cwd: project.root }] },
      context: { db },
      storage: schemaHistory({ driver, target: driver.target(project.path) }),
      logger: undefined,
    });
    expect((await umzug.up()).map(({ name }) => name)).toEqual(['001_a.mjs']);
    expect(project.read('SELECT version FROM _schema_history')).toEqual(['001']);
    expect(project.read('SELECT checksum FROM _schema_history')).toEqual([checksum(text)]);
    expect(project.read('SELECT applied_on FROM _schema_history')[0]).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect((await umzug.executed()).map(({ name }) => name)).toEqual(['001_a.mjs']);
    await umzug.down();
    expect(project.read(rows)).toEqual([]);
    db.close();
  });
});

describe('a storage that the project brings', () => {
  test('forgets what a rollback takes back, so that the next run applies it again', async () => {
    const project = await umzugProject();
    const umzug = safe(project, json(project));
    const result = await umzug.safeUp();
    expect(result.outcome).toBe('promoted');
    await rollback(umzug.config, result.migrations[1]?.checkpoint ?? '');
    expect(await json(project).executed()).toEqual([premium.name]);
    expect(await umzug.safeUp()).toMatchObject({ outcome: 'promoted', migrations: [{ name: suppliers.name }] });
    expect(project.read(rows)).toEqual([premium.name, suppliers.name]);
  });

  test('says what was applied before: the project is adopted', async () => {
    const project = await umzugProject();
    const storage = json(project);
    await applyPlainly(project, storage);

    const result = await safe(project, storage).safeUp();

    expect(result.migrations.map(({ name }) => name)).toEqual(['002_suppliers']);
    const adoption = result.findings.filter(({ gate }) => gate === 'adoption');
    expect(adoption).toMatchObject([{ severity: 'note', message: expect.stringContaining('001_premium') }]);
    expect(project.read(rows)).toEqual(['001_premium', '002_suppliers']);
    expect(await storage.executed()).toEqual(['001_premium', '002_suppliers']);
  });

  test('is kept true beside the history, up and down, safe and plain', async () => {
    const project = await umzugProject();
    const storage = json(project);
    const umzug = safe(project, storage);
    const both = async (): Promise<unknown[]> => [project.read(rows), await storage.executed()];
    await umzug.up({ safe: true, step: 1 });
    expect(await both()).toEqual([['001_premium'], ['001_premium']]);
    await umzug.up();
    expect(await both()).toEqual([
      ['001_premium', '002_suppliers'],
      ['001_premium', '002_suppliers'],
    ]);
    await umzug.down({ safe: true });
    expect(await both()).toEqual([['001_premium'], ['001_premium']]);
    await umzug.down();
    expect(await both()).toEqual([[], []]);
  });

  test.each(['up', 'pending', 'executed'] as const)(
    'that missed a promotion is brought in line by %s',
    async (command) => {
      const project = await umzugProject();
      const storage = json(project);
      const umzug = safe(project, storage);
      await umzug.up({ safe: true });
      await writeFile(storage.path, '[]');
      await umzug[command]();
      expect(await storage.executed()).toEqual(['001_premium', '002_suppliers']);
      expect(project.read("SELECT count(*) FROM pragma_table_info('users')")).toEqual([3]);
    },
  );

  test('that fails is brought in line by the next run, and the promotion stays', async () => {
    const project = await umzugProject();
    const storage = json(project);
    let fails = true;
    const flaky: UmzugStorage<Context> = {
      executed: () => storage.executed(),
      unlogMigration: (params) => storage.unlogMigration(params),
      async logMigration(params) {
        if (fails) throw new Error('no space left');
        await storage.logMigration(params);
      },
    };
    const umzug = safe(project, flaky);
    await expect(umzug.up({ safe: true })).rejects.toThrow('no space left');
    expect(project.read(rows)).toEqual(['001_premium']);
    fails = false;
    expect(await umzug.up({ safe: true })).toEqual([{ name: '002_suppliers' }]);
    expect(await storage.executed()).toEqual(['001_premium', '002_suppliers']);
  });

  test('keeps the name of a migration whose revert did not come to pass', async () => {
    const project = await umzugProject();
    const storage = json(project);
    const umzug = safe(project, storage);
    await umzug.up({ safe: true });
    umzug.on('reverting', () => {
      // Main is no longer what the rehearsal began with.
      project.write('CREATE TABLE meanwhile (id INTEGER PRIMARY KEY)');
    });
    await expect(umzug.down({ safe: true })).rejects.toThrow('Nothing was reverted');
    expect(project.tables()).toEqual(['meanwhile', 'suppliers', 'users']);
    expect(await storage.executed()).toEqual(['001_premium', '002_suppliers']);
    expect(project.read(rows)).toEqual(['001_premium', '002_suppliers']);
  });

  test('never has a name that the history lacks while a revert is on its way: such a name would be adopted', async () => {
    const project = await umzugProject();
    const storage = json(project);
    const names: Promise<string>[] = [];
    const watched = migration('002_suppliers', 'CREATE TABLE suppliers (id INTEGER PRIMARY KEY)');
    const down = async ({ context }: { context: Context }): Promise<void> => {
      names.push(readFile(storage.path, 'utf8'));
      context.db.exec('DROP TABLE suppliers');
    };
    const umzug = safe(project, storage, [premium, { ...watched, down }]);
    await umzug.up({ step: 2 });
    await umzug.down();
    expect(await Promise.all(names)).toEqual([JSON.stringify(['001_premium'], null, 2)]);
  });

  test('is not touched by a run that is blocked', async () => {
    const project = await umzugProject();
    const storage = json(project);
    await expect(safe(project, storage, [premium, broken]).up({ safe: true })).rejects.toThrow('Nothing was promoted');
    expect(await storage.executed()).toEqual([]);
  });
});

describe('the file that Umzug keeps by default', () => {
  test('is kept true where it exists, and is not made where it does not', async () => {
    const project = await umzugProject({
      'migrate.mjs': `import { safeUmzug } from 'forerun/umzug';
const umzug = safeUmzug(
  {
    migrations: ['001_a', '002_b'].map((name) => ({ name, up: async ({ context }) => context.db.exec('CREATE TABLE t' + name + ' (i)') })),
    logger: undefined,
  },
  { database: 'app.db', context: (target, connection) => ({ db: connection }) },
);
console.log(JSON.stringify(await umzug.up({ safe: true })));
`,
    });
    const listed = async (): Promise<unknown> => JSON.parse(await readFile(join(project.root, 'umzug.json'), 'utf8'));

    expect((await project.run('node', ['migrate.mjs'])).stdout).toBe('[{"name":"001_a"},{"name":"002_b"}]');
    await expect(listed()).rejects.toThrow('ENOENT');

    project.write('DROP TABLE _schema_history; DROP TABLE t002_b');
    await project.put({ 'umzug.json': '["001_a"]' });
    expect((await project.run('node', ['migrate.mjs'])).stdout).toBe('[{"name":"002_b"}]');
    expect(await listed()).toEqual(['001_a', '002_b']);
  });
});

test.each(['safe', 'plain'] as const)(
  'what a rollback without the project took back is not adopted again (%s)',
  async (how) => {
    const project = await umzugProject();
    const storage = json(project);
    const umzug = safe(project, storage, [premium]);
    const { migrations } = await umzug.safeUp();
    // As `forerun rollback <checkpoint> --database app.db` does it, which knows of no record.
    await rollback({ database: project.path, root: project.root }, migrations[0]?.checkpoint ?? '');
    expect(await storage.executed()).toEqual([premium.name]);

    const again = safe(project, storage, [premium]);
    expect(await again.up({ safe: how === 'safe' })).toMatchObject([{ name: premium.name }]);

    expect(project.read(rows)).toEqual([premium.name]);
    expect(await storage.executed()).toEqual([premium.name]);
  },
);
