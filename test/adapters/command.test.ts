import { readdir, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { RunResult } from '../../src/result.ts';
import { isAlive } from '../../src/process.ts';
import { until } from '../support/cli.ts';
import { sqliteProject, type CommandProject } from './fixtures/command/project.ts';

describe('a command as the migration', () => {
  test('runs on main under the run lock without --safe', async () => {
    const project = await sqliteProject({ 'migrate.mjs': creating('notes') });
    const result = await project.json(['up', '--', 'node', 'migrate.mjs']);
    expect(result).toMatchObject({ outcome: 'promoted', migrations: [{ name: 'node migrate.mjs', promotion: null }] });
    expect(await tables(project)).toEqual(['notes', 'users']);
  });

  test('finds its options, and itself, in the configuration', async () => {
    const project = await sqliteProject({
      'migrate.mjs': `import Database from 'better-sqlite3';
const db = new Database(new URL(process.env.FIRST).pathname);
if (process.env.FIRST !== process.env.SECOND || process.env.DATABASE_URL !== undefined) process.exit(7);
db.exec('CREATE TABLE IF NOT EXISTS done (step TEXT, at INTEGER)');
const next = ['second', 'first'][db.prepare('SELECT count(*) FROM done').pluck().get()];
if (next) db.prepare('INSERT INTO done VALUES (?, ?)').run(next, Date.now());
`,
      'forerun.config.mjs': config(`{
        up: 'node migrate.mjs',
        variables: ['FIRST', 'SECOND'],
        address: (target) => 'file://' + target.path,
        historyTable: { table: 'done', name: 'step', order: 'at' },
      }`),
    });
    expect(notes(await project.json(['up', '--safe']))).toContain('node migrate.mjs applied second (done)');
    const typed = await project.up(['node', 'migrate.mjs', 'again']);
    expect(notes(typed)).toContain('node migrate.mjs again applied first (done)');
    const status = await project.forerun(['status']);
    expect(status.stdout).toMatch(/applied +second[^]*applied +first[^]*pending +node migrate\.mjs/);
    expect(await project.json(['up', '--safe'])).toMatchObject({ outcome: 'nothing-pending', exitCode: 0 });
    const down = await project.json(['down', '--safe']);
    expect(down).toMatchObject({ exitCode: 2, error: { code: 'USAGE' } });
    expect(down.error?.next).toContain('forerun up --safe -- <command>');
    await project.put({
      'forerun.config.mjs': config("{ up: 'node migrate.mjs', historyTable: { table: 'done', name: 'stepp' } }"),
    });
    const misspelt = await project.forerun(['status']);
    expect([misspelt.exitCode, misspelt.stderr]).toEqual([
      2,
      expect.stringContaining('done has no column stepp; there are: step, at') as string,
    ]);
  });

  test('wins over the address in a .env file', async () => {
    const project = await sqliteProject({ 'migrate.mjs': creating('notes'), '.env': 'DATABASE_URL=elsewhere.db\n' });
    expect(await project.up(['node', '--env-file=.env', 'migrate.mjs'])).toMatchObject({ outcome: 'promoted' });
    expect(await readdir(project.root)).not.toContain('elsewhere.db');
  });

  test('names what Prisma began and never finished', async () => {
    const project = await sqliteProject({ 'migrate.mjs': creating('notes') });
    await project.write(`CREATE TABLE _prisma_migrations (id TEXT PRIMARY KEY, checksum TEXT, finished_at DATETIME, migration_name TEXT, logs TEXT, rolled_back_at DATETIME, started_at DATETIME, applied_steps_count INTEGER);
      INSERT INTO _prisma_migrations (id, finished_at, migration_name) VALUES ('1', 1767225600000, '1_users'), ('2', NULL, '2_broken')`);
    const result = await project.json(['gate', '--', 'node', 'migrate.mjs']);
    expect(result.findings.map(({ message }) => message).join()).toContain('2_broken was begun and never finished');
  });
});

describe('a command that goes wrong', () => {
  test('is told by its exit code and the end of what it printed, without values and without a word on stdout', async () => {
    const project = await sqliteProject({
      'migrate.mjs': `console.log('on stdout'); console.error('detail: Key (email)=(alice@example.com)'); console.error('no such column'); process.exit(3);`,
    });
    const result = await project.up(['node', 'migrate.mjs']);
    expect(result).toMatchObject({ outcome: 'blocked', exitCode: 3 });
    expect(result.findings[0]?.message).toBe(
      'node migrate.mjs ended with exit code 3. The end of what it printed:\non stdout\nno such column',
    );
  });

  test('by a signal is told by the signal', async () => {
    const project = await sqliteProject();
    const result = await project.up(['sh', '-c', 'kill -9 $$']);
    expect(result).toMatchObject({ outcome: 'blocked', exitCode: 3 });
    expect(result.findings[0]?.message).toContain('was ended by SIGKILL');
  });

  test('by never ending is ended at its limit, with all that it started', async () => {
    const project = await sqliteProject({
      'forerun.config.mjs': config(`{ up: ['sh', '-c', 'sleep 600 & echo $! > pid; sleep 600'], limitSeconds: 1 }`),
    });
    const result = await project.json(['up', '--safe']);
    expect(result).toMatchObject({ outcome: 'blocked', exitCode: 3 });
    expect(result.findings[0]?.message).toContain('did not end within 1 s, and was ended');
    expect(lives(await pidIn(project))).toBe(false);
  });

  test('by leaving a program behind has that one ended', async () => {
    const project = await sqliteProject({ 'migrate.mjs': creating('notes') });
    const result = await project.up(['sh', '-c', 'sleep 600 & echo $! > pid; node migrate.mjs']);
    expect(result).toMatchObject({ outcome: 'promoted' });
    expect(notes(result)).toContain('It left 1 program running, which was ended.');
    expect(lives(await pidIn(project))).toBe(false);
  });

  test('by leaving a program behind that went its own way has that said', async () => {
    const project = await sqliteProject({ 'migrate.mjs': creating('notes') });
    const line =
      "setsid sh -c 'echo $$ > pid; exec sleep 600' & while ! [ -s pid ]; do sleep 0.1; done; node migrate.mjs";
    const result = await project.json(['gate', '--', 'sh', '-c', line]);
    const pid = await pidIn(project);
    onTestFinished(() => void process.kill(pid, 'SIGKILL'));
    expect(result).toMatchObject({ outcome: 'passed' });
    expect(notes(result)).toContainEqual(expect.stringContaining(`(process ${pid}), outside its group`));
    expect(lives(pid)).toBe(true);
  });

  test('by doing nothing, and ending well, promotes nothing and says so', async () => {
    const project = await sqliteProject();
    const result = await project.up(['true']);
    expect(result).toMatchObject({ outcome: 'nothing-pending', exitCode: 0 });
    expect(notes(result)).toContain('It ended well and changed nothing: there was nothing to apply.');
  });

  test('by talking to main, whatever the variable says, is caught', async () => {
    const project = await sqliteProject({
      'migrate.mjs': `import Database from 'better-sqlite3';\nnew Database('app.db').exec('CREATE TABLE leaked (id INTEGER)');\n`,
    });
    const refused = await project.up(['node', 'migrate.mjs']);
    expect(refused).toMatchObject({ outcome: 'blocked', exitCode: 3 });
    expect(refused.findings[0]?.message).toContain(
      'Opening main was refused, because this command is rehearsed on a branch. Use the address in DATABASE_URL.',
    );
    expect(await tables(project)).toEqual(['users']);
    const caught = await project.up(['env', '-u', 'NODE_OPTIONS', 'node', 'migrate.mjs']);
    expect(caught).toMatchObject({ outcome: 'needs-person', exitCode: 4 });
    expect(caught.error?.message).toContain("node migrate.mjs ran on a branch, main's schema was changed");
  });

  test('by talking to main beside an application, is refused all the same, with options of its own for Node', async () => {
    const project = await sqliteProject({
      'migrate.mjs': `import Database from 'better-sqlite3';
new Database('app.db').exec("INSERT INTO users VALUES (9, 'x')");
`,
      'first.cjs': `require('fs').writeFileSync('first', '');`,
    });
    const application = new Database(join(project.root, 'app.db'));
    onTestFinished(() => void application.close());
    application.prepare('SELECT count(*) FROM users').get();
    const result = await project.up(['node', 'migrate.mjs'], { NODE_OPTIONS: '--require ./first.cjs' });
    expect(result).toMatchObject({ outcome: 'blocked', exitCode: 3 });
    expect(result.findings[0]?.message).toContain('Opening main was refused');
    expect(await readdir(project.root)).toContain('first');
    expect(await project.read('SELECT count(*) FROM users')).toEqual([2]);
  });

  test('by writing main beside an application, and then interrupted, is not said to have left it as it was', async () => {
    const project = await sqliteProject({
      'leak.mjs': `import Database from 'better-sqlite3';\nnew Database('app.db').exec("INSERT INTO users VALUES (9, 'x')");\n`,
    });
    const application = new Database(join(project.root, 'app.db'));
    onTestFinished(() => void application.close());
    application.prepare('SELECT count(*) FROM users').get();
    const leak = 'env -u NODE_OPTIONS node leak.mjs; touch leaked; sleep 600';
    const running = project.start(['up', '--safe', '--', 'sh', '-c', leak]);
    await until(async () => (await readdir(project.root)).includes('leaked'));
    running.signal('SIGINT');
    const { exitCode, stdout } = await running.ended;
    expect(exitCode).toBe(130);
    expect(stdout).toMatch(
      /^Interrupted \(SIGINT\).* Main was written meanwhile, by whom is not known \(see the notes\)\.$/m,
    );
    expect(stdout).not.toContain('as it was');
  });

  test('by not being there is refused before anything is copied', async () => {
    const project = await sqliteProject();
    const result = await project.up(['no-such-tool', 'up']);
    expect(result).toMatchObject({ exitCode: 2, copies: [], error: { code: 'CONFIG' } });
    expect(result.error?.message).toContain('There is no program no-such-tool.');
  });

  test('is ended when the run is interrupted, and when it is killed', async () => {
    const hanging = `${creating('notes')}
import { writeFileSync } from 'node:fs';
process.on('SIGTERM', () => {});
writeFileSync('pid', String(process.pid));
setInterval(() => {}, 1000);
`;
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      const project = await sqliteProject({ 'migrate.mjs': hanging });
      const running = project.start(['up', '--safe', '--', 'node', 'migrate.mjs']);
      await until(async () => (await readdir(project.root)).includes('pid'));
      await until(async () => (await readFile(join(project.root, 'pid'), 'utf8')) !== '');
      running.signal(signal);
      expect(await running.ended).toMatchObject(signal === 'SIGTERM' ? { exitCode: 143 } : { signal });
      const pid = await pidIn(project);
      await until(() => !lives(pid));
      expect(await tables(project)).toEqual(['users']);
      await project.put({ 'migrate.mjs': creating('notes') });
      expect(await project.up(['node', 'migrate.mjs'])).toMatchObject({ outcome: 'promoted' });
      const copies = await readdir(join(project.root, '.forerun/copies'));
      expect(copies.filter((name) => name.endsWith('.db'))).toHaveLength(1);
    }
  });
});

test('is part of what is advised', async () => {
  const project = await sqliteProject({ 'migrate.mjs': creating('notes') });
  const gated = await project.forerun(['gate', '--', 'node', 'migrate.mjs']);
  expect(gated.stdout).toContain('Promote with: forerun up --database app.db --safe -- node migrate.mjs');
  const done = await project.forerun(['up', '--safe', '--', 'node', 'migrate.mjs']);
  expect(done.stdout).toMatch(/Undo with: forerun rollback --database app\.db --adapter command cp_/);
});

describe('what is no command', () => {
  test.each([
    [['up', '--safe', 'dbmate', 'up'], 'There is no argument "dbmate up".', 'forerun up --safe -- dbmate up'],
    [['up', '--adapter', 'command'], 'The adapter command needs a command to run.', 'forerun up'],
    [['up', '--safe', '--to', '3', '--', 'dbmate', 'up'], '--to chooses among migrations', 'Leave --to out'],
    [
      ['up', '--migrations', 'sql', '--', 'dbmate', 'up'],
      '--migrations says whose migrations',
      'Leave --migrations out',
    ],
    [
      ['down', '--', 'dbmate', 'down'],
      'down reverts migrations that Forerun knows',
      'forerun up --safe -- dbmate down',
    ],
  ])('%j is refused, and says how it is written', async (args, message, next) => {
    const project = await sqliteProject();
    const { error, exitCode } = await project.json(args);
    expect(exitCode).toBe(2);
    expect(error?.message).toContain(message);
    expect(error?.next).toContain(next);
  });

  test.each([
    ["{ up: 'a && b' }", 'is run without a shell, and has && in it', '["sh","-c","a && b"]'],
    ['{ up: [] }', 'must be a command', 'up'],
    ["{ up: 'a', limitSecond: 3 }", 'did you mean limitSeconds?', 'limitSecond'],
    ["{ up: 'a', variables: ['A B'] }", 'names of environment variables', 'variables'],
    ["{ up: 'a', historyTable: { table: 'x' } }", "{ table: 'schema_migrations', name: 'version' }", 'historyTable'],
  ])('command(%s) is refused', async (options, message, next) => {
    const project = await sqliteProject({ 'forerun.config.mjs': config(options) });
    const { error, exitCode } = await project.json(['up', '--safe']);
    expect(exitCode).toBe(2);
    expect(error?.message).toContain(message);
    expect(error?.next).toContain(next);
  });
});

function config(options: string): string {
  return `import { command } from 'forerun/command';\nexport default { source: command(${options}) };\n`;
}

function creating(table: string): string {
  return `import Database from 'better-sqlite3';
const db = new Database(process.env.DATABASE_URL);
db.exec('CREATE TABLE ${table} (id INTEGER PRIMARY KEY)');
db.close();
`;
}

async function tables(project: CommandProject): Promise<unknown[]> {
  return project.read(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '~_%' ESCAPE '~' ORDER BY name",
  );
}

function notes(result: RunResult): readonly string[] {
  return result.findings.map(({ message }) => message);
}

async function pidIn({ root }: CommandProject): Promise<number> {
  return Number(await readFile(join(root, 'pid'), 'utf8'));
}

/** A zombie, which nobody asks how it ended, does not. */
function lives(pid: number): boolean {
  return isAlive({ pid, host: hostname() });
}
