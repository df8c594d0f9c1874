import { existsSync, readFileSync } from 'node:fs';
import { link, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import type { RunResult } from '../../src/result.ts';
import { blocking, deploy, fixed, moduleLevelDatabase, running, sharing } from './fixtures/umzug/programs.ts';
import { umzugProject, type UmzugProject } from './fixtures/umzug/project.ts';

async function deployed(project: UmzugProject): Promise<RunResult> {
  const { stdout, stderr } = await project.run('node', ['deploy.mjs']);
  // Migrations that are promoted in the deployer's own process may print before it.
  const last = stdout.split('\n').at(-1) ?? '';
  if (!last.startsWith('{')) throw new Error(`no result: ${stderr}`);
  return JSON.parse(last) as RunResult;
}

function blocks({ findings }: RunResult): string[] {
  return findings.filter(({ severity }) => severity === 'block').map(({ migration, message }) => `${migration}: ${message}`);
}

/** Waits until a program has written a file, and answers with the number in it. */
async function numberIn(file: string): Promise<number> {
  for (;;) {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    if (text !== '') return Number(text);
    await sleep(20);
  }
}

/** Waits until a process has ended. */
async function ended(pid: number): Promise<void> {
  while (runs(pid)) await sleep(20);
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

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
    const seen = readFileSync(join(project.root, 'seen'), 'utf8').trim().split('\n').map((line) => line.split(' '));
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
    expect(blocks(result)).toEqual(['001_a.mjs: The process that rehearsed it ended before it was done (exit code 7).']);
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
    expect(result.findings).toMatchObject([{ severity: 'note', message: expect.stringContaining('did not load to its end: Opening main was refused') }]);
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
      'migrations/001_a.mjs': "export const up = async ({ context }) => context.db.exec('CREATE TABLE ' + table + ' (i)');\n",
    });
    const { stdout } = await project.run('node', ['--require', './preload.cjs', 'deploy.mjs']);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'promoted' });
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

describe('a child process refuses to open main', () => {
  const leaks: readonly [string, Record<string, string>][] = [
    [
      'by a connection of a module',
      {
        'lib/db.mjs': moduleLevelDatabase,
        'migrations/001_leak.mjs': "import { db } from '../lib/db.mjs';\nexport const up = async () => db.exec('CREATE TABLE leaked (i)');\n",
      },
    ],
    ['by another name', { 'migrations/001_leak.mjs': opening("'./migrations/../link.db'") }],
    ['by a hard link', { 'migrations/001_leak.mjs': opening("'hard.db'") }],
    ['by an address', { 'migrations/001_leak.mjs': opening("'file:app.db?mode=rw'") }],
    ['by ATTACH', { 'migrations/001_leak.mjs': running("ATTACH 'app.db' AS other") }],
    ['by a backup onto it', { 'migrations/001_leak.mjs': "export const up = ({ context }) => context.db.backup('app.db');\n" }],
  ];

  test.each(leaks)('%s', async (_way, files) => {
    const project = await umzugProject({ 'migrator.mjs': sharing, 'deploy.mjs': deploy, ...files });
    await symlink('app.db', join(project.root, 'link.db'));
    await link(project.path, join(project.root, 'hard.db'));
    const result = await deployed(project);
    expect(result).toMatchObject({ outcome: 'blocked', exitCode: 3 });
    expect(blocks(result)).toEqual([expect.stringContaining('001_leak.mjs: Opening main was refused')]);
    expect(project.tables()).toEqual(['users']);
  });

  test('and lets everything else be opened', async () => {
    const project = await umzugProject({
      'migrator.mjs': sharing,
      'deploy.mjs': deploy,
      'migrations/001_other.mjs': `import Database from 'better-sqlite3';
export const up = async ({ context }) => {
  const other = new Database('other.db');
  other.exec('CREATE TABLE IF NOT EXISTS o (i); INSERT INTO o VALUES (1)');
  other.close();
  const note = context.db.prepare('INSERT INTO users (email) VALUES (?)');
  note.run('app.db');
  note.run("ATTACH 'app.db'");
};
`,
    });
    expect(await deployed(project)).toMatchObject({ outcome: 'promoted' });
    expect(project.read('SELECT email FROM users WHERE id > 2')).toEqual(['app.db', "ATTACH 'app.db'"]);
  });
});

describe('a child process that is blocked by a statement', () => {
  test('is ended when the run is aborted', async () => {
    const project = await umzugProject({
      'migrator.mjs': sharing,
      'migrations/001_long.mjs': blocking,
      'deploy.mjs': `import { existsSync } from 'node:fs';
import { umzug } from './migrator.mjs';
const interruption = new AbortController();
const beat = setInterval(() => { if (existsSync('pid')) { clearInterval(beat); interruption.abort(); } }, 20);
console.log(JSON.stringify(await umzug.safeUp({ signal: interruption.signal })));
`,
    });
    const result = await deployed(project);
    expect(result).toMatchObject({ outcome: 'interrupted', exitCode: 130 });
    await ended(await numberIn(join(project.root, 'pid')));
    expect(project.tables()).toEqual(['users']);
  });

  test('dies with the process that started it, and the next run cleans up', async () => {
    const project = await umzugProject({
      'migrator.mjs': sharing,
      'deploy.mjs': deploy,
      'migrations/001_long.mjs': blocking,
    });
    const deployer = execa('node', ['deploy.mjs'], { cwd: project.root, reject: false });
    const pid = await numberIn(join(project.root, 'pid'));
    deployer.kill('SIGKILL');
    await deployer;
    await ended(pid);
    await project.put({ 'migrations/001_long.mjs': running('CREATE TABLE a (i)') });
    const result = await deployed(project);
    expect(result.outcome).toBe('promoted');
    expect(project.tables()).toEqual(['a', 'users']);
  });
});

function opening(path: string): string {
  return `import Database from 'better-sqlite3';
export const up = async () => new Database(${path}).exec('CREATE TABLE leaked (i)');
`;
}
