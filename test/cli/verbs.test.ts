import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { execa } from 'execa';
import { entry, environment, forerun, type Answer } from '../support/cli.ts';
import { newProject, type Project } from '../support/project.ts';

interface Shop extends Project {
  run(...args: string[]): Promise<Answer>;
}

async function shop(): Promise<Shop> {
  const project = await newProject();
  await project.migration(
    '001_products.sql',
    '-- migrate:up\nCREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT);\n-- migrate:down\nDROP TABLE products;',
  );
  await project.migration('002_age.sql', 'ALTER TABLE users ADD COLUMN age INTEGER;');
  const env = { DATABASE_URL: 'app.db' };
  return { ...project, run: (...args) => forerun(args, { cwd: project.root, env }) };
}

describe('up --safe', () => {
  it('shows each phase on stderr, and on stdout what came of it and the way back', async () => {
    const { run } = await shop();
    const { stdout, stderr, exitCode } = await run('up', '--safe');
    expect(stderr).toMatch(/✓ rehearse 002_age \d/);
    expect(stderr).toMatch(/✓ promote 001_products \d/);
    const undo = /Undo with: forerun rollback (cp_\w+)$/.exec(stdout)?.[1];
    expect(stdout).toMatch(new RegExp(`^001_products +promoted +replay +[\\d.]+ ms +[\\d.]+ ms +${undo}$`, 'm'));
    expect(stdout).toMatch(/Copies made: 3, .*\n +checkpoint +cp_\w+ +001_products +\w+ +[\d.]+ k?B +\d/);
    expect(stdout).toMatch(/2 migrations promoted in [\d.]+ m?s\./);
    expect(exitCode).toBe(0);
  });

  it('with --quiet says nothing where all went well, and everything where not', async () => {
    const { run, migration } = await shop();
    expect(await run('up', '--safe', '--quiet')).toMatchObject({ stdout: '', stderr: '', exitCode: 0 });
    await migration('003_loss.sql', 'DELETE FROM orders;');
    const { stdout, stderr, exitCode } = await run('up', '--safe', '--quiet');
    expect(stdout).toMatch(/Blocking\n +003_loss \[data-preserved\]\n +3 rows of orders are gone/);
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 3 });
  });

  it('with --quiet shows what blocks alone, of all findings', async () => {
    const { run, migration } = await shop();
    await run('up', '--safe');
    await migration('003_loss.sql', '-- forerun: allow rows-lost\nDELETE FROM orders;');
    const { stdout } = await run('up', '--safe', '--quiet');
    expect(stdout).toContain('Blocking');
    expect(stdout).not.toContain('Warnings');
    expect((await run('up', '--safe')).stdout).toContain('Warnings');
    expect((await run('help', 'up')).stdout).toMatch(/--quiet +[^]*errors\s+and\s+blocking\s+findings\s+only/);
  });

  it('says what changed in a changed file, and what to do', async () => {
    const { run, migration } = await shop();
    await run('up', '--safe');
    await migration('002_age.sql', 'ALTER TABLE users ADD COLUMN years INTEGER;');
    for (const verb of [['status'], ['up', '--safe']]) {
      const { stdout } = await run(...verb);
      expect(stdout).toMatch(/002_age was changed after it was applied.*forerun repair 002_age --reason/);
      expect(stdout).toContain(
        '  -ALTER TABLE users ADD COLUMN age INTEGER;\n  +ALTER TABLE users ADD COLUMN years INTEGER;',
      );
    }
    expect((await run('repair', '002_age', '--reason', 'a better name')).stdout).toBe('Accepted 002_age');
    expect((await run('status')).stdout).not.toMatch(/changed/);
  });
});

describe('down', () => {
  it('reverts the last migration, and says where there is no way back', async () => {
    const { run, read } = await shop();
    await run('up', '--safe');
    expect((await run('down', '--safe')).stderr).toMatch(/002_age has no down/);
    await run('up', '--safe', '--to', '001');
    const { exitCode, stderr } = await run('down', '--safe', '--to', '001');
    expect({ exitCode, told: /002_age has no down/.test(stderr) }).toEqual({ exitCode: 2, told: true });
    expect(read('SELECT name FROM _schema_history')).toHaveLength(2);
  });
});

it('up without a rehearsal applies, and down reverts: nothing is said to be promoted', async () => {
  const { run } = await shop();
  const applied = await run('up', '--to', '001');
  expect(applied.stdout).toMatch(/^Migration +Outcome +Applied\n001_products +applied +[\d.]+ ms$/m);
  const reverted = await run('down', '--safe');
  expect(reverted.stdout).toMatch(
    /^Migration +Outcome +How +Rehearsed +Reverted +Checkpoint\n001_products +reverted /m,
  );
  expect(reverted.stderr).toMatch(/^ {2}1 migration to revert, 1 applied$/m);
  expect(reverted.stderr).toMatch(/^✓ rehearse down of 001_products .*^✓ revert 001_products /ms);
  expect(applied.stdout + applied.stderr + reverted.stdout + reverted.stderr).not.toMatch(/promote/i);
});

describe('branches', () => {
  it('are made, listed, used, compared, promoted and thrown away', async () => {
    const { run, read, root } = await shop();
    const quiet = await run('branch', '--name', 'premium', '--quiet');
    expect(quiet.stdout).toMatch(/^\/.*\.db$/);
    expect(existsSync(quiet.stdout)).toBe(true);
    const script =
      "const D = require(process.argv[1]); const d = new D(process.env.DATABASE_URL); d.exec('ALTER TABLE users ADD COLUMN tier TEXT'); d.close()";
    const sqlite = join(entry, '../../../../node_modules/better-sqlite3');
    expect(await run('exec', 'premium', '--', process.execPath, '-e', script, sqlite)).toMatchObject({
      exitCode: 0,
      stdout: '',
    });
    expect((await run('exec', 'premium', '--', process.execPath, '-e', 'process.exit(7)')).exitCode).toBe(7);
    const difference = await run('diff', 'main', 'premium', '--query', 'SELECT count(*) AS users FROM users');
    expect(difference.stdout).toMatch(/~ table users/);
    expect(difference.stdout).toMatch(/Both answer the same:\n +users\n +3/);
    expect((await run('branches')).stdout).toMatch(/premium/);
    const nested = await run('branch', 'premium', '--name', 'risky');
    expect(nested.stdout.split('\n')[0]).toMatch(/^\/.*\.db$/);
    expect((await run('discard', 'premium')).exitCode).toBe(2);
    expect((await run('discard', 'risky')).stdout).toMatch(/Discarded branch br_\w+ \(risky\)/);
    expect((await run('promote', 'premium')).exitCode).toBe(0);
    expect(read("SELECT name FROM pragma_table_info('users')")).toContain('tier');
    expect(await readdir(join(root, '.forerun/copies'))).not.toContain('premium');
  });

  it('of a name that there is not say which there are', async () => {
    const { run } = await shop();
    await run('branch', '--name', 'premium');
    const { stderr, exitCode } = await run('exec', 'premum', '--', 'true');
    expect(stderr).toMatch(/Did you mean premium\?/);
    expect(exitCode).toBe(2);
    expect((await run('exec', 'premium', '--json', '--', 'true')).stdout).toContain('stdout belongs to the command');
  });
});

it('a query of diff that fails on both sides fails, with the reason', async () => {
  const { run } = await shop();
  await run('branch', '--name', 'premium');
  const { stdout, stderr, exitCode } = await run('diff', 'main', 'premium', '--query', 'SELECT nope FROM users');
  expect(stdout).toContain('failed: no such column: nope');
  expect(stderr).toContain('[USAGE] The query fails on both sides: no such column: nope.');
  expect(exitCode).toBe(2);
  expect((await run('diff', 'main', 'premium', '--json', '--query', 'SELECT nope FROM users')).exitCode).toBe(2);
  expect((await run('diff', 'main', 'premium', '--query', 'SELECT 1')).exitCode).toBe(0);
});

it('promote names the gates that a branch did not pass', async () => {
  const { run } = await shop();
  await run('branch', '--name', 'bad');
  const script = "const D = require(process.argv[1]); new D(process.env.DATABASE_URL).exec('DELETE FROM orders')";
  const sqlite = join(entry, '../../../../node_modules/better-sqlite3');
  await run('exec', 'bad', '--', process.execPath, '-e', script, sqlite);
  const { stdout, exitCode } = await run('promote', 'bad');
  expect(stdout).toContain('Blocked: it did not pass data-preserved (see above). Main is as it was.');
  expect(exitCode).toBe(3);
});

describe('rollback', () => {
  async function damaged(): Promise<Shop> {
    const project = await shop();
    await project.run('checkpoint', 'safe');
    await project.run('up', '--safe', '--to', '001');
    project.write('DELETE FROM orders');
    project.write("UPDATE users SET name = 'x'");
    return project;
  }

  it('names what would be lost, and changes nothing unless somebody agrees', async () => {
    const { run, read } = await damaged();
    const { stdout, stderr, exitCode } = await run('rollback', 'safe');
    expect(stderr).toMatch(/- migration 001_products/);
    expect(stderr).toMatch(/orders +3 +0 +-3/);
    expect(stderr).toMatch(/name in 3 rows/);
    expect(stderr).toMatch(/forerun rollback safe --yes/);
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
    expect(read('SELECT count(*) FROM orders')).toEqual([0]);
  });

  it('to a checkpoint that there is not is told as that, in a document, too', async () => {
    const { run } = await damaged();
    for (const args of [[], ['--json']]) {
      const { stdout, stderr, exitCode } = await run('rollback', 'nosuch', ...args);
      expect(stdout + stderr).toContain('NOT_FOUND');
      expect(exitCode).toBe(2);
    }
    expect((await run('rollback', 'safe', '--json')).stdout).toContain('a person has to agree');
  });

  it('with --yes brings back what was there, and keeps what was there instead', async () => {
    const { run, read } = await damaged();
    const { stdout, exitCode } = await run('rollback', 'safe', '--yes');
    expect(stdout).toMatch(
      /Main is what it was at checkpoint cp_\w+ \(safe\)\. As it was before, it is kept: forerun rollback cp_\w+/,
    );
    expect(exitCode).toBe(0);
    expect(read('SELECT count(*) FROM orders')).toEqual([3]);
    expect(read('SELECT name FROM users')).toEqual(['Alice', 'Bob', 'Carol']);
  });

  it.each([
    ['yes', 3],
    ['no', 0],
  ])('asks on a terminal, and takes “%s” for an answer', async (answer, orders) => {
    const { root, read } = await damaged();
    const terminal = execa('script', ['-qec', `"${process.execPath}" "${entry}" rollback safe`, '/dev/null'], {
      cwd: root,
      env: environment({ DATABASE_URL: 'app.db' }),
      extendEnv: false,
      input: `${answer}\n`,
    });
    onTestFinished(() => void terminal.kill());
    const { stdout } = await terminal;
    expect(stdout).toContain('Return main to it? Type yes:');
    expect(read('SELECT count(*) FROM orders')).toEqual([orders]);
  });
});

describe('a project', () => {
  it('is set up by init, gets migrations from create, and is looked at by doctor', async () => {
    const { root } = await newProject();
    await writeFile(join(root, 'package.json'), '{ "name": "shop" }');
    const cli = (...args: string[]): Promise<Answer> => forerun(args, { cwd: root });
    const init = await cli('init');
    expect(init.stdout).toMatch(/^Wrote +forerun\.config\./m);
    expect(init.exitCode).toBe(0);
    const created = await cli('create', 'add users');
    expect(created.stdout).toMatch(/^\/.*\/migrations\/\d+_add_users\.sql$/);
    expect(existsSync(created.stdout)).toBe(true);
    expect((await cli('doctor')).stdout).toMatch(/✓ database/);
  });

  it('that exists already is marked as being at a version', async () => {
    const { run } = await shop();
    expect((await run('baseline', '001')).stdout).toBe('Marked as applied: 001_products');
    expect((await run('status')).stdout).toMatch(/applied +001_products.*\npending +002_age/);
  });

  it('that is not there makes doctor exit with 1', async () => {
    const { root } = await newProject();
    const { stdout, exitCode } = await forerun(['doctor', '--database', 'nowhere.db'], { cwd: root });
    expect(stdout).toMatch(/✗ database/);
    expect(exitCode).toBe(1);
  });
});
