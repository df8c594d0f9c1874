import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RunResult } from '../../src/result.ts';
import { blocks, deployed } from './fixtures/umzug/deployed.ts';
import { deploy, fixed, running, sharing } from './fixtures/umzug/programs.ts';
import { umzugProject } from './fixtures/umzug/project.ts';

describe('a rehearsal in a child process', () => {
  test('of migrations on our connection: promoted by replay, in the process that was asked', async () => {
    const project = await umzugProject({
      'migrator.mjs': sharing,
      'deploy.mjs': deploy,
      'migrations/001_a.mjs': `import { appendFileSync } from 'node:fs';
export const up = async ({ context }) => {
  appendFileSync('seen', process.pid + ' ' + context.target.path + ' ' + process.env.DATABASE_URL + '\\n');
  console.log('a migration prints');
  context.db.exec("CREATE TABLE a (i); INSERT INTO users (email) VALUES ('carol@example.com')");
};
export const down = async ({ context }) => context.db.exec("DROP TABLE a; DELETE FROM users WHERE email LIKE 'carol%'");
`,
      'migrations/002_b.cjs': "exports.up = async ({ context }) => context.db.exec('CREATE TABLE b (i)');\n",
    });

    const result = await deployed(project);

    expect(result).toMatchObject({ outcome: 'promoted', findings: [] });
    expect(result.migrations).toMatchObject([
      { promotion: 'replay', evidence: { down: { restoresSchema: true, restoresData: true } } },
      { promotion: 'replay' },
    ]);
    expect(project.tables()).toEqual(['a', 'b', 'users']);
    expect(project.read('SELECT count(*) FROM users')).toEqual([3]);
    const seen = readFileSync(join(project.root, 'seen'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(' '));
    const onMain = seen.filter(([, path]) => path === project.path);
    expect(onMain).toHaveLength(1);
    for (const [pid, path, variable] of seen.filter(([, path]) => path !== project.path)) {
      expect(pid).not.toBe(onMain[0]?.[0]);
      expect(variable).toBe(path);
    }
  });

  test('of migrations with a plain context, which the child makes for the branch: promoted by swap', async () => {
    const project = await umzugProject({
      'migrator.mjs': fixed,
      'deploy.mjs': deploy,
      'migrations/001_a.mjs': running('CREATE TABLE a (i)'),
      'migrations/002_b.mjs': running("INSERT INTO users (email) VALUES ('carol@example.com')"),
    });
    const result = await deployed(project);
    expect(result.migrations).toMatchObject([
      { outcome: 'promoted', promotion: 'swap' },
      { outcome: 'promoted', promotion: 'swap' },
    ]);
    expect(project.tables()).toEqual(['a', 'users']);
    expect(project.read('SELECT count(*) FROM users')).toEqual([3]);
    expect(project.read('SELECT name FROM _schema_history')).toEqual(['001_a.mjs', '002_b.mjs']);
  });

  test('of migrations whose context opens a connection of its own, and never closes it', async () => {
    const project = await umzugProject({
      'migrator.mjs': `import Database from 'better-sqlite3';
${sharing.replace('(target, connection) => ({ db: connection, target })', '(target) => ({ db: new Database(target.path) })')}`,
      'deploy.mjs': deploy,
      'migrations/001_a.mjs': running('CREATE TABLE a (i)'),
      'migrations/002_b.mjs': running('CREATE TABLE b (i)'),
    });
    const result = await deployed(project);
    expect(result.migrations).toMatchObject([{ promotion: 'swap' }, { promotion: 'swap' }]);
    expect(project.tables()).toEqual(['a', 'b', 'users']);
  });

  test('of a migration that fails says where and why, and main is untouched', async () => {
    const project = await umzugProject({
      'migrator.mjs': sharing,
      'deploy.mjs': deploy,
      'migrations/001_a.mjs': running('CREATE TABLE a (i)'),
      'migrations/002_bad.mjs': running("INSERT INTO users (id, email) VALUES (1, 'secret@example.com')"),
    });
    const result = await deployed(project);
    expect(result.outcome).toBe('blocked');
    expect(result.findings).toMatchObject([
      {
        gate: 'applies',
        migration: '002_bad.mjs',
        message: 'UNIQUE constraint failed: users.id (SQLITE_CONSTRAINT_PRIMARYKEY)',
        where: { file: join(project.root, 'migrations/002_bad.mjs'), line: 2 },
      },
    ]);
    expect(project.tables()).toEqual(['users']);
  });

  test('of a migration that Node cannot read says where', async () => {
    const project = await umzugProject({
      'migrator.mjs': sharing,
      'deploy.mjs': deploy,
      'migrations/001_bad.mjs': 'export const up = () => {\n  const b = ;\n};\n',
    });
    const { findings } = await deployed(project);
    expect(findings).toMatchObject([
      { gate: 'applies', where: { file: join(project.root, 'migrations/001_bad.mjs'), line: 2 } },
    ]);
  });

  test('of a migration that says COMMIT is begun again without our transaction', async () => {
    const project = await umzugProject({
      'migrator.mjs': sharing,
      'deploy.mjs': deploy,
      'migrations/001_a.mjs': `export const up = async ({ context: { db } }) => {
  db.exec('CREATE TABLE a (i)');
  if (db.inTransaction) db.exec('COMMIT');
};
`,
    });
    expect((await deployed(project)).migrations).toMatchObject([{ outcome: 'promoted', promotion: 'swap' }]);
    expect(project.tables()).toEqual(['a', 'users']);
  });

  test('of a migration that ends its process is blocked', async () => {
    const project = await umzugProject({
      'migrator.mjs': sharing,
      'deploy.mjs': deploy,
      'migrations/001_a.mjs': 'export const up = async () => process.exit(7);\n',
    });
    const result = await deployed(project);
    expect(blocks(result)).toEqual([
      '001_a.mjs: The process that rehearsed it ended before it was done (exit code 7). What it printed may say why.',
    ]);
  });

  test('goes no further than a command in a start-up script, and runs each migrator of a module as itself', async () => {
    const project = await umzugProject({
      'server.mjs': `import { appendFileSync } from 'node:fs';
import { safeUmzug } from 'forerun/umzug';
const make = (name) => safeUmzug(
  { migrations: [{ name, up: async ({ context }) => context.db.exec('CREATE TABLE ' + name + ' (i)') }], logger: undefined },
  { database: 'app.db', context: (target, connection) => ({ db: connection }), module: import.meta.url },
);
const first = make('first');
const second = make('second');
appendFileSync('log', 'started ');
for (const umzug of [first, second]) if ((await umzug.pending()).length > 0) await umzug.up({ safe: true, migrations: [umzug === first ? 'first' : 'second'] }).catch((error) => appendFileSync('log', error.message));
appendFileSync('log', 'listening ');
`,
    });
    // Two migrators on one history: the other's migration counts as missing, so the second run is stopped by its drift.
    await project.run('node', ['server.mjs']);
    const log = readFileSync(join(project.root, 'log'), 'utf8');
    expect(project.tables()).toEqual(['first', 'users']);
    expect(log.match(/listening/g)).toHaveLength(1);
    expect(log).toContain('its file is gone');
  });

  test('uses a migrator whose module fails after making it, and says so', async () => {
    const project = await umzugProject({
      'server.mjs': `import Database from 'better-sqlite3';
import { safeUmzug } from 'forerun/umzug';
const umzug = safeUmzug(
  { migrations: [{ name: '001', up: async ({ context }) => context.db.exec('CREATE TABLE a (i)') }], logger: undefined },
  { database: 'app.db', context: (target, connection) => ({ db: connection }), module: import.meta.url },
);
const application = new Database('app.db');
console.log(JSON.stringify(await umzug.safeUp()));
application.close();
`,
    });
    const { stdout } = await project.run('node', ['server.mjs']);
    const result = JSON.parse(stdout) as RunResult;
    expect(result.outcome).toBe('promoted');
    expect(result.findings).toMatchObject([
      { severity: 'note', message: expect.stringContaining('did not load to its end: Opening main was refused') },
    ]);
  });

  test('of a module that makes no migrator is blocked, with what to do', async () => {
    const project = await umzugProject({
      'migrator.mjs': `import { safeUmzug } from 'forerun/umzug';
export const make = (module) => safeUmzug(
  { migrations: [{ name: '001', up: async () => {} }], logger: undefined },
  { database: 'app.db', context: (target, connection) => ({ db: connection }), module },
);
`,
      'deploy.mjs': `import { make } from './migrator.mjs';
const here = new URL('./migrator.mjs', import.meta.url).href;
console.log(JSON.stringify(await make(here).safeUp()));
`,
    });
    const result = await deployed(project);
    expect(result.migrations[0]?.outcome).not.toBe('promoted');
    expect(JSON.stringify(result)).toContain('makes no safeUmzug when it is loaded for a rehearsal');
  });
});

describe('a child process', () => {
  test('is started with the options of Node that the deployer was started with', async () => {
    const project = await umzugProject({
      'preload.cjs': "globalThis.table = 'a';\n",
      'migrator.mjs': sharing,
      'deploy.mjs': deploy,
      'migrations/001_a.mjs':
        "export const up = async ({ context }) => context.db.exec('CREATE TABLE ' + table + ' (i)');\n",
    });
    const { stdout } = await project.run('node', ['--require', './preload.cjs', 'deploy.mjs']);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'promoted' });
  });

  test('does not run the code that the deployer was given in an option', async () => {
    const project = await umzugProject({
      'migrator.mjs': sharing,
      'deploy.mjs': deploy,
      'migrations/001_a.mjs': running('CREATE TABLE a (i)'),
    });
    const { stdout } = await project.run('node', ['--max-old-space-size=500', '-e', "import('./deploy.mjs')"]);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'promoted', findings: [] });
  });

  test('loads TypeScript also where Node has no loader for it', async () => {
    const project = await umzugProject({
      'migrator.ts': sharing.replace('(target, connection)', '(target: unknown, connection: unknown)'),
      'deploy.mjs': `import { createJiti } from ${JSON.stringify(import.meta.resolve('jiti'))};
const { umzug } = await createJiti(import.meta.url).import('./migrator.ts');
console.log(JSON.stringify(await umzug.safeUp()));
`,
      'migrations/001_a.mjs': running('CREATE TABLE a (i)'),
    });
    expect(await deployed(project)).toMatchObject({ outcome: 'promoted', findings: [] });
  });
});
