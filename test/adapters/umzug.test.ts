import Database from 'better-sqlite3';
import { Umzug, type RunnableMigration } from 'umzug';
import { describe, expect, test } from 'vitest';
import { safeUmzug } from '../../adapters/umzug.ts';
import { broken, migration, premium, suppliers, type Context } from './fixtures/umzug/migrations.ts';
import { umzugProject } from './fixtures/umzug/project.ts';
import { own, refusal, safe } from './fixtures/umzug/safe.ts';

test('a misspelt key of its own is named, as one of the configuration is', async () => {
  const project = await umzugProject();
  const umzug = safe(project, [premium], Object.fromEntries([['modul', import.meta.url]]));
  const error = await refusal(umzug.up({ safe: true }));
  expect(error.message).toContain('modul: there is no such key; did you mean module?');
});

describe('up with safe', () => {
  test('promotes by replay what runs on our connection, with its history row, and answers as Umzug does', async () => {
    const project = await umzugProject();
    const umzug = safe(project, [premium, suppliers]);
    expect(umzug).toBeInstanceOf(Umzug);

    expect(await umzug.up({ safe: true })).toEqual([{ name: '001_premium' }, { name: '002_suppliers' }]);

    expect(project.tables()).toEqual(['suppliers', 'users']);
    expect(project.read('SELECT premium FROM users')).toEqual([0, 0]);
    expect(project.read('SELECT version FROM _schema_history ORDER BY version')).toEqual(['001', '002']);
    expect(project.read("SELECT checksum FROM _schema_history WHERE checksum LIKE 'sha256-function:%'")).toHaveLength(
      2,
    );
    expect((await umzug.executed()).map(({ name }) => name)).toEqual(['001_premium', '002_suppliers']);
    expect(await umzug.pending()).toEqual([]);
    expect(await umzug.up({ safe: true })).toEqual([]);
  });

  test('promotes by swap what opens a connection of its own, and closes each', async () => {
    const project = await umzugProject();
    const opened: string[] = [];
    const closed: string[] = [];
    const umzug = safe(project, [premium, suppliers], {
      context(target) {
        opened.push(target.url);
        const db = new Database(target.path);
        return {
          context: { db },
          close() {
            closed.push(target.url);
            db.close();
          },
        };
      },
    });

    const result = await umzug.safeUp();

    expect(result).toMatchObject({ outcome: 'promoted', exitCode: 0 });
    expect(result.migrations.map(({ promotion }) => promotion)).toEqual(['swap', 'swap']);
    expect(project.tables()).toEqual(['suppliers', 'users']);
    expect(closed.toSorted()).toEqual(opened.toSorted());
    expect(opened.filter((url) => url === result.database)).toHaveLength(1);
  });

  test('rejects with the finding where something fails, and main is as it was', async () => {
    const project = await umzugProject();
    const umzug = safe(project, [premium, broken]);

    const error = await refusal(umzug.up({ safe: true }));

    expect(error.code).toBe('BLOCKED');
    expect(error.message).toBe('Nothing was promoted. 003_broken: no such table: nowhere (SQLITE_ERROR)');
    expect(error.next).toContain('Main is as it was');
    expect(error.details).toMatchObject({ result: { outcome: 'blocked', exitCode: 3 } });
    expect(project.tables()).toEqual(['users']);
    expect(project.read("SELECT count(*) FROM pragma_table_info('users')")).toEqual([2]);
    expect((await umzug.pending()).map(({ name }) => name)).toEqual(['001_premium', '003_broken']);
  });

  test('gives the same as a value on request', async () => {
    const project = await umzugProject();
    const result = await safe(project, [premium, broken]).safeUp({ promotePassing: true });
    expect(result).toMatchObject({ outcome: 'partly-promoted', exitCode: 3 });
    expect(project.tables()).toEqual(['users']);
    expect(project.read('SELECT premium FROM users')).toEqual([0, 0]);
  });

  test.each(['our connection', 'its own'])('names file and line of a migration that fails (%s)', async (connection) => {
    const project = await umzugProject({
      'migrations/001_bad.mjs':
        'export const up = async ({ context }) => {\n\n  context.db.exec("DROP TABLE nowhere");\n};\n',
    });
    const umzug = safeUmzug<Context>(
      { migrations: { glob: ['migrations/*.mjs', { cwd: project.root }] }, logger: undefined },
      {
        database: project.path,
        context: (_target, db) => ({ db: db as Database.Database }),
        ...(connection === 'its own' ? own : {}),
      },
    );
    const { findings } = await umzug.safeUp();
    expect(findings.find(({ severity }) => severity === 'block')).toMatchObject({
      gate: 'applies',
      migration: '001_bad.mjs',
      message: 'no such table: nowhere (SQLITE_ERROR)',
      where: { file: `${project.root}/migrations/001_bad.mjs`, line: 3 },
    });
  });

  test.each(['mjs', 'cjs'])('names file and line of a migration that Node cannot read (.%s)', async (extension) => {
    const name = `001_bad.${extension}`;
    const project = await umzugProject({ [`migrations/${name}`]: 'const a = 1;\n\nconst b = ;\n' });
    const umzug = safeUmzug<Context>(
      { migrations: { glob: [`migrations/${name}`, { cwd: project.root }] }, logger: undefined },
      { database: project.path, context: (_target, db) => ({ db: db as Database.Database }) },
    );
    const { findings } = await umzug.safeUp();
    expect(findings.find(({ severity }) => severity === 'block')).toMatchObject({
      gate: 'applies',
      migration: name,
      message: "Unexpected token ';'",
      where: { file: `${project.root}/migrations/${name}`, line: 3 },
    });
  });

  test('takes to, step, migrations and rerun', async () => {
    const project = await umzugProject();
    const again = migration('004_again', 'INSERT INTO users (email) VALUES (1)');
    const umzug = safe(project, [premium, suppliers, again]);
    expect(await umzug.up({ safe: true, step: 1 })).toEqual([{ name: '001_premium' }]);
    expect(await umzug.up({ safe: true, to: '002_suppliers' })).toEqual([{ name: '002_suppliers' }]);
    expect(await umzug.up({ safe: true, migrations: ['004_again'] })).toEqual([{ name: '004_again' }]);
    expect((await refusal(umzug.up({ safe: true, migrations: ['004_again'] }))).message).toContain(
      'is applied already',
    );
    expect(await umzug.up({ safe: true, migrations: ['004_again'], rerun: 'SKIP' })).toEqual([]);
    expect(await umzug.up({ safe: true, migrations: ['004_again'], rerun: 'ALLOW' })).toEqual([{ name: '004_again' }]);
    expect(project.read('SELECT count(*) FROM users')).toEqual([4]);
  });

  test('takes all or nothing, and reports every event', async () => {
    const project = await umzugProject();
    const events: string[] = [];
    const result = await safe(project, [premium, suppliers]).safeUp({
      allOrNothing: true,
      onEvent: ({ type }) => events.push(type),
    });
    expect(result.migrations.map(({ promotion }) => promotion)).toEqual(['swap', 'swap']);
    expect([events[0], events.at(-1)]).toEqual(['run:started', 'run:finished']);
  });

  test('runs a migration that says COMMIT without our transaction', async () => {
    const project = await umzugProject();
    const commits: RunnableMigration<Context> = {
      name: '001_commits',
      async up({ context }) {
        context.db.exec('CREATE TABLE a (i)');
        if (context.db.inTransaction) context.db.exec('COMMIT');
        context.db.exec('CREATE TABLE b (i)');
      },
    };
    const result = await safe(project, [commits]).safeUp();
    expect(result).toMatchObject({ outcome: 'promoted', migrations: [{ promotion: 'swap' }] });
    expect(project.tables()).toEqual(['a', 'b', 'users']);
  });
});

describe('down with safe', () => {
  test('reverts the last one, or as many as it is asked for', async () => {
    const project = await umzugProject();
    const umzug = safe(project, [premium, suppliers]);
    await umzug.up({ safe: true });
    expect(await umzug.down({ safe: true })).toEqual([{ name: '002_suppliers' }]);
    expect(project.tables()).toEqual(['users']);
    await umzug.up({ safe: true });
    expect(await umzug.down({ safe: true, to: 0 })).toEqual([{ name: '002_suppliers' }, { name: '001_premium' }]);
    expect(project.read('SELECT count(*) FROM _schema_history')).toEqual([0]);
  });

  test('refuses a migration without one', async () => {
    const project = await umzugProject({
      'migrations/001_a.mjs': '// Nobody goes down from here.\nexport const up = async () => {};\n',
      'migrations/002_b.cjs':
        "exports.up = async ({ context }) => context.db.exec('CREATE TABLE b (i)');\nexports.down = async ({ context }) => context.db.exec('DROP TABLE b');\n",
    });
    const umzug = safeUmzug<Context>(
      { migrations: { glob: ['migrations/*', { cwd: project.root }] }, logger: undefined },
      { database: project.path, context: (_target, db) => ({ db: db as Database.Database }) },
    );
    await umzug.up({ safe: true });
    expect((await umzug.down({ safe: true }))[0]?.name).toBe('002_b.cjs');
    expect((await refusal(umzug.down({ safe: true }))).message).toContain('001_a.mjs has no down');
  });
});
