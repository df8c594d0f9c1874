import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { childrenOf, entry, environment, forerun, forerunJson, holdAt, holdLock, isRunning, startForerun, until, untilHeld, type Running } from '../support/cli.ts';
import { newProject, type Project } from '../support/project.ts';
import type { RunResult } from '../../src/result.ts';

/** A statement of many minutes, which nothing but the end of its process can end. */
const endless = 'INSERT INTO users (email, name) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1e10) SELECT i, i FROM n WHERE i < 0;';
const migrations = ['001_products', '002_age'];

async function shopProject(): Promise<Project> {
  const project = await newProject();
  await project.migration('001_products.sql', 'CREATE TABLE products (id INTEGER PRIMARY KEY);');
  await project.migration('002_age.sql', 'ALTER TABLE users ADD COLUMN age INTEGER;');
  return project;
}

function tables(project: Project): unknown[] {
  return project.read("SELECT sql FROM sqlite_schema WHERE tbl_name NOT LIKE '\\_%' ESCAPE '\\' AND sql IS NOT NULL ORDER BY name");
}

function history(project: Project): unknown[] {
  const exists = project.read("SELECT 1 FROM sqlite_schema WHERE name = '_schema_history'").length > 0;
  return exists ? project.read('SELECT name FROM _schema_history ORDER BY name') : [];
}

/** Nothing is left of the interrupted run, and the next one does its work. */
async function expectNextRunToFinish(project: Project, args: readonly string[] = []): Promise<void> {
  expect(await listed(project, 'branches', args)).toEqual([]);
  const next = await forerunJson(['up', '--safe', ...args], { cwd: project.root });
  expect(next.error).toBeUndefined();
  expect(next.exitCode).toBe(0);
  expect(history(project)).toEqual(migrations);
}

/** What was printed is kept, for its owner only; of a run that had made nothing yet there is nothing to keep. */
async function expectDocument({ root }: Project, result: RunResult): Promise<void> {
  if (!existsSync(join(root, '.forerun/lock.db'))) return;
  const file = join(root, `.forerun/runs/${result.run}.json`);
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(result);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
}

async function listed(project: Project, verb: 'branches' | 'checkpoints', args: readonly string[] = []): Promise<unknown> {
  return JSON.parse((await forerun([verb, '--json', ...args], { cwd: project.root })).stdout);
}

async function resultOf(running: Running): Promise<RunResult> {
  const { stdout, exitCode } = await running.ended;
  const result = JSON.parse(stdout) as RunResult;
  expect(exitCode).toBe(result.exitCode);
  return result;
}

describe('a signal while the process is blocked, as by a statement', () => {
  it.each<[act: string, phase: string, signal: NodeJS.Signals]>([
    ['examine on main', 'before the run begins', 'SIGINT'],
    ['list on main', 'recover', 'SIGTERM'],
    ['open on main', 'plan', 'SIGINT'],
    ['checkpoint on main', 'checkpoint', 'SIGTERM'],
    ['branch', 'branch', 'SIGINT'],
    ['script on copy', 'rehearse', 'SIGTERM'],
    ['script on main', 'promote', 'SIGINT'],
    ['discard', 'tidy', 'SIGTERM'],
  ])('at “%s” (%s) ends the run with %s, cleaned up', async (act, phase, signal) => {
    const project = await shopProject();
    const before = tables(project);
    const { held } = await holdAt(project.root, act);
    const running = startForerun(['up', '--safe', '--json'], { cwd: project.root });
    await untilHeld(held);
    running.signal(signal);
    const result = await resultOf(running);
    expect(result).toMatchObject({ outcome: 'interrupted', exitCode: signal === 'SIGINT' ? 130 : 143, error: { code: 'INTERRUPTED' } });
    if (phase !== 'tidy') expect(tables(project)).toEqual(before);
    const promoted = result.migrations.filter((migration) => migration.outcome === 'promoted').map((migration) => migration.name);
    expect(history(project)).toEqual(promoted);
    expect(isRunning(Number(await readFile(held, 'utf8')))).toBe(false);
    await expectDocument(project, result);
    await expectNextRunToFinish(project);
  });

  it.each<NodeJS.Signals>(['SIGINT', 'SIGTERM'])('is heard at once during one SQL statement of many minutes in a rehearsal (%s)', async (signal) => {
    const project = await shopProject();
    await project.migration('003_endless.sql', endless);
    const before = tables(project);
    const running = startForerun(['up', '--safe', '--json', '--database', 'app.db'], { cwd: project.root });
    await rehearsing(project, '002_age', running);
    running.signal(signal);
    expect(await resultOf(running)).toMatchObject({ outcome: 'interrupted', exitCode: signal === 'SIGINT' ? 130 : 143 });
    expect(tables(project)).toEqual(before);
    await project.migration('003_endless.sql', 'SELECT 1;');
    const next = await forerunJson(['up', '--safe', '--database', 'app.db'], { cwd: project.root });
    expect(next).toMatchObject({ outcome: 'promoted' });
  });

  it('is heard from a terminal as well, where an indicator moves meanwhile', async () => {
    const project = await shopProject();
    await project.migration('003_endless.sql', endless);
    const terminal = execa('script', ['-qec', `"${process.execPath}" "${entry}" up --safe --database app.db`, '/dev/null'], {
      cwd: project.root,
      env: environment(),
      extendEnv: false,
      reject: false,
      stdin: 'pipe',
    });
    let shown = '';
    terminal.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString()));
    await until(() => /rehearse 003_endless [\d.]+ m?s[^]*rehearse 003_endless [\d.]+ s/.test(shown));
    terminal.stdin.write('\u0003');
    expect((await terminal).exitCode).toBe(130);
    expect(shown).toMatch(/Interrupted \(SIGINT\) after .*Main is as it was\./);
    expect(history(project)).toEqual([]);
  });

  it('ends a statement on main itself, whose transaction the database undoes', async () => {
    const project = await shopProject();
    await project.migration('003_endless.sql', `DELETE FROM orders;\n${endless}`);
    const running = startForerun(['up', '--json', '--database', 'app.db'], { cwd: project.root });
    await until(() => history(project).length === 2 && existsSync(`${project.path}-journal`));
    running.signal('SIGINT');
    const result = await resultOf(running);
    expect(result).toMatchObject({ outcome: 'interrupted', exitCode: 130 });
    expect(result.migrations.map((migration) => migration.outcome)).toEqual(['promoted', 'promoted', 'not-reached']);
    expect(history(project)).toEqual(migrations);
    expect(project.read('SELECT count(*) FROM orders')).toEqual([3]);
  });

  it('leaves main untouched where a gate is interrupted, and none of its copies', async () => {
    const project = await shopProject();
    const { held } = await holdAt(project.root, 'script on copy');
    const running = startForerun(['gate', '--json'], { cwd: project.root });
    await untilHeld(held);
    running.signal('SIGTERM');
    expect(await resultOf(running)).toMatchObject({ outcome: 'interrupted', exitCode: 143, verb: 'gate' });
    expect(project.read("SELECT count(*) FROM sqlite_schema WHERE name LIKE '\\_%' ESCAPE '\\'")).toEqual([0]);
    expect(await listed(project, 'checkpoints')).toEqual([]);
    await expectNextRunToFinish(project);
  });
});

describe('a signal that the work can hear', () => {
  it('ends the wait for another deployer', async () => {
    const project = await shopProject();
    const other = await holdLock(project.path);
    const running = startForerun(['up', '--safe', '--json', '--database', 'app.db'], { cwd: project.root });
    await until(async () => (await childrenOf(running.pid)).length > 0);
    await until(() => existsSync(join(project.root, '.forerun')));
    running.signal('SIGTERM');
    expect(await resultOf(running)).toMatchObject({ outcome: 'interrupted', exitCode: 143 });
    other.kill('SIGKILL');
    await expectNextRunToFinish(project, ['--database', 'app.db']);
  });

  it('ends the user’s commands with the run', async () => {
    const project = await shopProject();
    const started = join(project.root, 'started');
    const script = `require('fs').writeFileSync(${JSON.stringify(started)}, String(process.pid)); setInterval(() => {}, 1000);`;
    await writeFile(join(project.root, 'wait.cjs'), script);
    const running = startForerun(['up', '--safe', '--json', '--database', 'app.db', '--validate', 'node wait.cjs'], { cwd: project.root });
    await until(() => existsSync(started));
    running.signal('SIGINT');
    expect(await resultOf(running)).toMatchObject({ outcome: 'interrupted', exitCode: 130 });
    const command = Number(await readFile(started, 'utf8'));
    await until(() => !isRunning(command));
    await expectNextRunToFinish(project, ['--database', 'app.db']);
  });

  it('is waited for while the run cleans up by itself', async () => {
    const project = await shopProject();
    const { held } = await holdAt(project.root, 'checkpoint on main', 'waiting');
    const running = startForerun(['up', '--safe', '--json'], { cwd: project.root });
    await untilHeld(held);
    running.signal('SIGINT');
    const result = await resultOf(running);
    expect(result).toMatchObject({ outcome: 'interrupted', exitCode: 130 });
    expect(result.findings.filter((finding) => finding.gate === 'recovery')).toEqual([]);
    await expectNextRunToFinish(project);
  });

  it('does not undo what was done: a verb without a run says so as well', async () => {
    const project = await shopProject();
    const { held } = await holdAt(project.root, 'checkpoint on main');
    const running = startForerun(['checkpoint', 'mine', '--json'], { cwd: project.root });
    await untilHeld(held);
    running.signal('SIGTERM');
    expect(await resultOf(running)).toMatchObject({ outcome: 'interrupted', exitCode: 143, verb: 'checkpoint' });
    await expectNextRunToFinish(project);
  });
});

describe('a process that is killed', () => {
  it('takes its blocked worker along, and the next run does the work', async () => {
    const project = await shopProject();
    const { held } = await holdAt(project.root, 'script on copy');
    const running = startForerun(['up', '--safe'], { cwd: project.root });
    await untilHeld(held);
    const worker = Number(await readFile(held, 'utf8'));
    expect(await childrenOf(running.pid)).toEqual([worker]);
    running.signal('SIGKILL');
    await running.ended;
    await until(() => !isRunning(worker));
    expect(history(project)).toEqual([]);
    const next = await forerunJson(['up', '--safe'], { cwd: project.root });
    expect(next).toMatchObject({ outcome: 'promoted' });
    expect(next.findings.map((finding) => finding.gate)).toContain('recovery');
  });

  it('as a worker is reported with what ended it, and its leftovers go', async () => {
    const project = await shopProject();
    const { held } = await holdAt(project.root, 'script on copy');
    const running = startForerun(['up', '--safe', '--json'], { cwd: project.root });
    await untilHeld(held);
    process.kill(Number(await readFile(held, 'utf8')), 'SIGKILL');
    const result = await resultOf(running);
    expect(result).toMatchObject({ outcome: 'failed', exitCode: 1, error: { code: 'CRASHED' } });
    expect(result.error?.message).toContain('SIGKILL');
    await expectNextRunToFinish(project);
  });

  it('right after a commit reports the migration as promoted: the history row decides', async () => {
    const project = await shopProject();
    const { held } = await holdAt(project.root, 'open on main', 'blocked', '001_products');
    const running = startForerun(['up', '--safe', '--json'], { cwd: project.root });
    await untilHeld(held);
    running.signal('SIGINT');
    const result = await resultOf(running);
    expect(result).toMatchObject({ outcome: 'interrupted', exitCode: 130 });
    expect(result.migrations.map((migration) => migration.outcome)).toEqual(['promoted', 'passed']);
    expect(JSON.stringify(await listed(project, 'checkpoints'))).toContain(result.migrations[0]?.checkpoint);
    await expectNextRunToFinish(project);
  });
});

/** Waits until the run has come past the rehearsal of a migration: the next one is under way. */
async function rehearsing(project: Project, migration: string, running: Running): Promise<void> {
  const copies = join(project.root, '.forerun/copies');
  await until(async () => existsSync(copies) && (await childrenOf(running.pid)).length > 0);
  await until(async () => {
    const branch = (await readdir(copies)).find((name) => /^br_.*\.db$/.test(name));
    if (branch === undefined) return false;
    const database = new Database(join(copies, branch), { readonly: true, timeout: 0 });
    try {
      return database.prepare('SELECT 1 FROM _schema_history WHERE name = ?').get(migration) !== undefined;
    } catch {
      return false;
    } finally {
      database.close();
    }
  });
}
