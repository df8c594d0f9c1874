import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it, test } from 'vitest';
import { isSafe } from '../../src/cli/flags.ts';
import { commandWords, shellSyntax } from '../../src/checks/command-words.ts';
import { sqlite } from '../../src/drivers/sqlite.ts';
import { startApplication } from '../drivers/fixtures/sqlite-processes.ts';
import { environment, entry, forerun, forerunJson, holdAt, startForerun, until, untilHeld } from '../support/cli.ts';
import { newProject, type Project } from '../support/project.ts';

async function shop(): Promise<Project> {
  const project = await newProject();
  await project.migration('001_products.sql', 'CREATE TABLE products (id INTEGER PRIMARY KEY);');
  return project;
}

/** Types a line into a shell as it was printed. */
async function typed(line: string, cwd: string): Promise<number | undefined> {
  const program = `"${process.execPath}" "${entry}"`;
  const { exitCode } = await execa('sh', ['-c', line.replace(/^forerun/, program)], {
    cwd,
    env: environment(),
    extendEnv: false,
    reject: false,
  });
  return exitCode;
}

describe('advice works as it is printed', () => {
  it('with the options that named the database, after a run', async () => {
    const { root, read } = await shop();
    const options = ['--database', 'app.db', '--migrations', 'migrations'];
    const { stdout } = await forerun(['up', '--safe', ...options], { cwd: root });
    const undo = /Undo with: (.*)$/m.exec(stdout)?.[1] ?? '';
    expect(undo).toMatch(/^forerun rollback --database app\.db --migrations migrations cp_\w+$/);
    expect(await typed(`${undo} --yes`, root)).toBe(0);
    expect(read("SELECT count(*) FROM sqlite_schema WHERE name = 'products'")).toEqual([0]);
  });

  it('with names that a shell would split', async () => {
    const { root } = await shop();
    const { stdout } = await forerun(['branch', '--name', "it's mine", '--database', 'app.db'], { cwd: root });
    const discard = /^ +(forerun discard .*?) {2,}/m.exec(stdout)?.[1] ?? '';
    expect(await typed(discard, root)).toBe(0);
    expect((await forerun(['branches', '--quiet', '--database', 'app.db'], { cwd: root })).stdout).toBe('');
  });

  it('also at the end of a sentence', async () => {
    const project = await shop();
    await project.migration('002_own.sql', 'DELETE FROM _schema_history;');
    const { stdout } = await forerun(['up', '--safe', '--database', 'app.db'], { cwd: project.root });
    expect(stdout).toContain('forerun repair --database app.db and forerun baseline --database app.db.');
  });

  it('also in an error, while a document stays as it is', async () => {
    const { root } = await shop();
    const args = ['rollback', 'first', '--database', 'app.db'];
    await forerun(['checkpoint', 'first', '--database', 'app.db'], { cwd: root });
    expect((await forerun(args, { cwd: root })).stderr).toContain('forerun rollback --database app.db first --yes');
    expect((await forerunJson(args, { cwd: root })).error?.next).toContain('forerun rollback first --yes');
  });
});

describe('a migration that fails', () => {
  it.each(['up --safe', 'up'])('on a schema that has it already is told how that is said: %s', async (verb) => {
    const { root, read, write } = await shop();
    write('CREATE TABLE products (id INTEGER PRIMARY KEY)');
    const up = [...verb.split(' '), '--database', 'app.db'];
    const { stdout, exitCode } = await forerun(up, { cwd: root });
    expect(exitCode).toBe(3);
    const advice = /was applied by other means, say so with: (.*)$/m.exec(stdout)?.[1] ?? '';
    expect(stdout).toContain('table products already exists (SQLITE_ERROR). Nothing counts as applied yet');
    expect(await typed(advice, root)).toBe(0);
    expect((await forerun(up, { cwd: root })).exitCode).toBe(0);
    expect(read('SELECT name FROM _schema_history')).toEqual(['001_products']);
  });

  it('is not told so where others are applied', async () => {
    const project = await shop();
    await forerun(['up', '--database', 'app.db'], { cwd: project.root });
    await project.migration('002_again.sql', 'CREATE TABLE products (id INTEGER PRIMARY KEY);');
    const { stdout } = await forerun(['up', '--safe', '--database', 'app.db'], { cwd: project.root });
    expect(stdout).toContain('table products already exists (SQLITE_ERROR)\n');
    expect(stdout).not.toContain('baseline');
  });

  it('for want of a function of the application is told where that is registered', async () => {
    const project = await shop();
    await project.migration('002_shout.sql', 'UPDATE users SET name = shout(name);');
    const args = ['up', '--safe'];
    const { stdout } = await forerun([...args, '--database', 'app.db'], { cwd: project.root });
    expect(stdout).toContain('no such function: shout (SQLITE_ERROR). If the application brings it along, register it');
    await writeFile(
      join(project.root, 'forerun.config.mjs'),
      "import { sqlite } from 'forerun/sqlite';\nexport default { database: 'app.db', driver: sqlite({ setup: (database) => database.function('shout', (text) => text.toUpperCase()) }) };",
    );
    expect((await forerun(args, { cwd: project.root })).exitCode).toBe(0);
    expect(project.read('SELECT name FROM users')).toEqual(['ALICE', 'BOB', 'CAROL']);
  });
});

it('a migration of temporary objects alone is told that nothing of them stays', async () => {
  const { root, migration } = await shop();
  const told = 'It makes nothing but temporary objects';
  const args = ['up', '--safe', '--database', 'app.db'];
  expect((await forerun(args, { cwd: root })).stdout).not.toContain(told);
  await migration('002_temp.sql', 'CREATE TEMP TABLE t (a);\nCREATE TEMPORARY TABLE u (a);');
  expect((await forerun(args, { cwd: root })).stdout).toContain(told);
});

describe('promote', () => {
  it('says by how much the branch differs, and in its help that the branch is used up', async () => {
    const { root } = await shop();
    await forerun(['branch', '--name', 'fix', '--database', 'app.db'], { cwd: root });
    const { stderr } = await forerun(['promote', 'fix', '--database', 'app.db'], { cwd: root });
    expect(stderr).toContain('the branch differs from main by 0 migrations');
    expect(stderr).not.toContain('to do');
    const help = await forerun(['promote', '--help'], { cwd: root });
    expect(help.stdout.replaceAll(/\s+/g, ' ')).toContain('The branch is discarded afterwards.');
  });

  it('of a branch without a migration says what main is now, and the way back', async () => {
    const { root } = await shop();
    await forerun(['branch', '--name', 'fix', '--database', 'app.db'], { cwd: root });
    const { stdout } = await forerun(['promote', 'fix', '--database', 'app.db'], { cwd: root });
    expect(stdout).toMatch(/^Main is now what branch fix was, in [\d.]+ m?s\. Undo with: forerun rollback .*cp_\w+$/m);
    const undo = /Undo with: (.*)$/m.exec(stdout)?.[1] ?? '';
    expect(await typed(`${undo} --yes`, root)).toBe(0);
  });

  it('of a branch that main has left says so, and what to do', async () => {
    const { root, write } = await shop();
    await forerun(['branch', '--name', 'fix', '--database', 'app.db'], { cwd: root });
    write('DELETE FROM orders');
    const { stdout, exitCode } = await forerun(['promote', 'fix', '--database', 'app.db'], { cwd: root });
    expect(stdout).toContain('Not promoted, for the reason above. Main is as it was, and the branch stays.');
    expect(stdout).toContain('forerun diff --database app.db main fix');
    expect(stdout).not.toContain('failed on main');
    expect(exitCode).toBe(3);
  });
});

describe('a command of exec without -- before it', () => {
  it.each([
    [['exec', 'try1', 'sh', '-c', 'exit 7'], "forerun exec try1 -- sh -c 'exit 7'"],
    [['exec', '--quiet', 'try1', 'sh', '-c', 'exit 7'], 'forerun exec <branch> -- <command>'],
  ])('is answered with where to put it: %j', async (args, line) => {
    const { root } = await shop();
    const { stderr, exitCode } = await forerun(args, { cwd: root });
    expect(stderr).toContain("Unknown option '-c'.");
    expect(stderr).toContain(`Put -- before the command, whose options are not for Forerun: ${line}`);
    expect(exitCode).toBe(2);
  });
});

test.each(['up', 'down'])('%s --dry-run is answered with what rehearses alone', async (verb) => {
  const { root } = await shop();
  const { stderr, exitCode } = await forerun([verb, '--dry-run', '--database', 'app.db'], { cwd: root });
  expect(stderr).toContain("Unknown option '--dry-run'.");
  expect(stderr).toContain('change nothing on main: forerun gate');
  expect(exitCode).toBe(2);
});

test('repair without a reason gets an example, and its help says that one is required', async () => {
  const { root } = await shop();
  const { stderr, exitCode } = await forerun(['repair', '001_products', '--database', 'app.db'], { cwd: root });
  expect(stderr).toContain('→ For example: forerun repair --database app.db 003_orders --reason "a comment was added"');
  expect(exitCode).toBe(2);
  const { stdout } = await forerun(['repair', '--help'], { cwd: root });
  expect(stdout).toContain('Usage: forerun repair [name] --reason <text> [options]');
  expect(stdout).toMatch(/--reason <text> +why \(required\)/);
});

test('a verb that reads says what it waits for', async () => {
  const { root, path } = await shop();
  const application = await startApplication(sqlite().target(path));
  await application.run('BEGIN EXCLUSIVE');
  const running = startForerun(['status', '--database', 'app.db'], { cwd: root });
  let heard = '';
  running.stderr.on('data', (chunk: Buffer) => (heard += chunk.toString()));
  await until(() => heard.includes('… Another program has the database locked (reading '));
  await application.run('COMMIT');
  expect(await running.ended).toMatchObject({ exitCode: 0 });
  await application.end();
});

describe('status', () => {
  it('advises no run that would stop at a disagreement', async () => {
    const { root, migration } = await shop();
    await forerun(['up', '--database', 'app.db'], { cwd: root });
    await migration('001_products.sql', 'CREATE TABLE products (id INTEGER);');
    const { stdout, exitCode } = await forerun(['status', '--database', 'app.db'], { cwd: root });
    expect(stdout).toMatch(/would stop at the disagreement\. Next: do what is said above/);
    expect(stdout).not.toContain('Next: forerun up');
    expect(exitCode).toBe(0);
  });

  it('shows what is applied beside a file that is no migration', async () => {
    const { root, migration } = await shop();
    await forerun(['up', '--database', 'app.db'], { cwd: root });
    await migration('xx_2.sql', 'SELECT 1;');
    const { stdout, stderr, exitCode } = await forerun(['status', '--database', 'app.db'], { cwd: root });
    expect(stdout).toMatch(/^applied +001_products/m);
    expect(stderr).toMatch(/\[BAD_MIGRATION\] .*xx_2\.sql/);
    expect(exitCode).toBe(2);
  });

  it.runIf(process.getuid?.() === 0)('and gate read a database that they may not write', async () => {
    const { root, path } = await shop();
    for (const [file, mode] of [
      [path, 0o444],
      [root, 0o777],
      [`${root}/..`, 0o755],
    ] as const)
      await chmod(file, mode);
    for (const verb of ['status', 'gate']) {
      const { exitCode } = await execa(process.execPath, [entry, verb, '--database', 'app.db'], {
        cwd: root,
        env: environment({ HOME: root }),
        extendEnv: false,
        reject: false,
        uid: 65534,
        gid: 65534,
      });
      expect(exitCode).toBe(0);
    }
  });
});

it('a run that was cut off speaks of itself as interrupted and cleaned up, not as somebody else’s remains', async () => {
  const { root } = await shop();
  const { held } = await holdAt(root, 'script on copy');
  const running = startForerun(['up', '--safe'], { cwd: root });
  await untilHeld(held);
  running.signal('SIGINT');
  const { stdout, exitCode } = await running.ended;
  expect(stdout).toMatch(/^Interrupted \(SIGINT\) after .*, and cleaned up\. Main is as it was\.$/m);
  expect(stdout).not.toMatch(/recovery|without cleaning up/);
  expect(exitCode).toBe(130);
});

describe('a command of --validate', () => {
  it.each(['a && b', 'a; b', 'a | b', 'a > b', 'a < b', 'a $B', 'a "b" `c`', 'a &', 'a\nb', "a 'b"])(
    'that needs a shell is refused: %j',
    async (command) => {
      expect(shellSyntax(command)).toBeDefined();
    },
  );

  it.each(["a '&& ; $'", 'a "b; c | d"', 'a \\; \\$b', 'a b=c --d=e*', "sh -c 'a && b | c > $D'"])(
    'that needs none is run: %j',
    (command) => {
      expect(shellSyntax(command)).toBeUndefined();
    },
  );

  it('says how to have a shell, and that works', async () => {
    const { root } = await shop();
    const args = ['up', '--safe', '--database', 'app.db', '--validate'];
    const refused = await forerun([...args, 'test -n "$X" ; exit $X'], { cwd: root });
    expect(refused.stderr).toMatch(/\[USAGE\] The command of --validate is run without a shell, and has ; in it/);
    expect(refused.exitCode).toBe(2);
    const advised = /--validate (.*)$/m.exec(refused.stderr.split('→')[1] ?? '')?.[1] ?? '';
    const [line = ''] = commandWords(advised);
    expect(commandWords(line)).toEqual(['sh', '-c', 'test -n "$X" ; exit $X']);
    expect(await forerun([...args, line], { cwd: root, env: { X: '0' } })).toMatchObject({ exitCode: 0 });
  });

  it('whose program there is not is named', async () => {
    const { root } = await shop();
    const { stderr, exitCode } = await forerun(['gate', '--database', 'app.db', '--validate', 'nosuchprog now'], {
      cwd: root,
    });
    expect(stderr).toContain('[CONFIG] The check "nosuchprog now" cannot be run. There is no program nosuchprog.');
    expect(stderr).not.toContain('rehearse');
    expect(exitCode).toBe(2);
  });
});

test.each([
  ['1', true],
  ['true', true],
  ['0', false],
  ['false', false],
  ['', false],
])('MIGRATE_SAFE=%s means a safe run: %s', (value, safe) => {
  expect(isSafe(undefined, { MIGRATE_SAFE: value })).toBe(safe);
});

test.each(['yes', 'TRUE', 'on', '2'])('MIGRATE_SAFE=%s is refused rather than guessed at', async (value) => {
  expect(() => isSafe(undefined, { MIGRATE_SAFE: value })).toThrow(/neither yes nor no/);
  expect(isSafe(true, { MIGRATE_SAFE: value })).toBe(true);
});

test('exec gives programs the path that they know, of a project that init set up', async () => {
  const { root } = await shop();
  await forerun(['init'], { cwd: root });
  await forerun(['branch', '--name', 'premium'], { cwd: root });
  const print = ['exec', 'premium', '--', 'sh', '-c', 'test -f "$DATABASE_URL" && echo found'];
  expect(await forerun(print, { cwd: root })).toMatchObject({ stdout: 'found', exitCode: 0 });
});
