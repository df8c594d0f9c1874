import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { processesLike } from '../../src/providers/vers/processes.ts';
import { childrenOf, startForerun, until, type Running } from '../support/cli.ts';
import { newPostgresProject, type PostgresProject } from '../support/postgres/project.ts';
import { startVers, versProgram, type VersAccount } from '../support/vers.ts';

// Against a stand-in for Vers, never against Vers itself.
describe('up --safe on a file in a VM', { timeout: 240_000 }, () => {
  let account: VersAccount;
  let project: PostgresProject;
  let file = '';
  let address = '';
  let count = 0;
  beforeAll(async () => {
    account = await startVers('v0.10.0', 'files');
  });
  afterAll(() => account[Symbol.asyncDispose]());
  beforeEach(async () => {
    project = await newPostgresProject();
    const name = `shop ${(count += 1)}.db`;
    [file, address] = [join(account.home(), name), `vers:~/${name}`];
    onMain((main) => {
      main.pragma('journal_mode = wal');
      main.exec(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO users (name) VALUES ('Ada'), ('Bob')",
      );
    });
  });

  const env = (): Record<string, string> => ({
    ...account.env,
    FORERUN_VERS_VM: account.vm,
    FORERUN_VERS_CLI: versProgram,
  });
  const safe = ['up', '--safe', '--provider', 'vers'];
  const forerun = (...args: string[]) => project.forerun(address, [...args, '--provider', 'vers'], env());
  const json = () => project.json(address, safe, env());
  const onMain = <T>(act: (main: Database.Database) => T, path = file): T => {
    const main = new Database(path);
    try {
      return act(main);
    } finally {
      main.close();
    }
  };
  const columns = (path?: string) =>
    onMain((main) => main.prepare("SELECT name FROM pragma_table_info('users')").pluck().all(), path);
  const branches = async (): Promise<string[]> =>
    Object.keys((await account.state()).vms).filter((vm) => vm !== account.vm);

  /** An application in the VM that has the file open, in a transaction where asked. */
  const application = async (sql: string): Promise<void> => {
    const program = `const db = new (require(${JSON.stringify(sqliteModule)}))(process.argv[1]); db.exec(${JSON.stringify(sql)}); setInterval(() => {}, 1e6)`;
    const script = `setsid node -e "$0" "$1" < /dev/null > /dev/null 2>&1 &`;
    await account.vers('exec', account.vm, 'bash', '-c', script, program, file);
    await until(async () => (await processesLike(/setInterval\(/, 'command')).some(({ text }) => text.includes(file)));
  };
  const slow =
    'CREATE TABLE slow AS WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 8000000) SELECT count(*) AS c FROM n;';
  const start = (): Running =>
    startForerun([...safe, '--database', address, '--json'], {
      cwd: project.root,
      env: { ...env(), TMPDIR: project.temporary },
    });
  const killAll = async (running: Running): Promise<void> => {
    for (const pid of [...(await childrenOf(running.pid)), running.pid]) kill(pid);
    await running.ended;
  };

  test('promotes behind commits, and a rollback makes a VM beside main and says so', async () => {
    await project.migration('001_level.sql', 'ALTER TABLE users ADD COLUMN level INTEGER; UPDATE users SET level = 1;');
    await project.migration('002_index.sql', 'CREATE INDEX users_name ON users (name);');
    await project.migration(
      '003_posts.sql',
      'CREATE TABLE posts (id INTEGER PRIMARY KEY, user INTEGER REFERENCES users);',
    );
    const result = await json();
    expect(result).toMatchObject({ outcome: 'promoted', provider: 'vers' });
    expect(result.migrations.map(({ promotion }) => promotion)).toEqual(['replay', 'replay', 'replay']);
    expect(JSON.stringify(result.findings)).toMatch(/stood still for at most \d+ ms/);
    expect(result.migrations[0]?.evidence?.statements?.map(({ line, rows }) => ({ line, rows }))).toEqual([
      { line: 1, rows: 0 },
      { line: 1, rows: 2 },
    ]);
    expect(columns()).toEqual(['id', 'name', 'level']);
    expect(await branches()).toEqual([]);
    expect(await forerun('status')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/3 applied/) as string,
    });

    const back = await forerun('rollback', result.migrations[0]?.checkpoint ?? '', '--yes');
    expect(back).toMatchObject({ exitCode: 0 });
    expect(back.stdout).toContain('Main is not restored');
    const [vm = ''] = await branches();
    expect(back.stdout).toContain(`stands at vers:${vm}:~/`);
    expect(columns(join(account.home(vm), basename(file)))).toEqual(['id', 'name']);
    expect(columns()).toEqual(['id', 'name', 'level']);
    const gone = await forerun('discard', `rollback-to-${result.migrations[0]?.checkpoint}`);
    expect(gone.stderr).toBe('');
    expect(gone.exitCode).toBe(0);
    expect(await branches()).toEqual([]);
  });

  test('blocks what fails, naming the statement, and what loses rows, naming table and count', async () => {
    await project.migration(
      '001_wrong.sql',
      'ALTER TABLE users ADD COLUMN level INTEGER;\nSELECT nonsense FROM users;',
    );
    const failed = await json();
    expect(failed).toMatchObject({ outcome: 'blocked', exitCode: 3 });
    expect(failed.migrations[0]?.evidence?.error).toMatchObject({
      message: 'no such column: nonsense',
      where: { line: 2, statement: 2 },
    });
    await project.migration('001_wrong.sql', "DELETE FROM users WHERE name = 'Bob';");
    const lost = await json();
    expect(lost).toMatchObject({ outcome: 'blocked', exitCode: 3 });
    expect(JSON.stringify(lost.findings)).toMatch(/users.*1 of 2 rows|1 row.*users/);
    expect(columns()).toEqual(['id', 'name']);
    expect(await branches()).toEqual([]);
  });

  test('ends in a branch what had the file open on main, and says whose it was', async () => {
    await project.migration('001_level.sql', 'ALTER TABLE users ADD COLUMN level INTEGER;');
    const quiet = JSON.stringify((await forerun('gate', '--json')).stdout);
    expect(quiet).toContain('stood still');
    expect(quiet).not.toContain('along, which');
    await application('SELECT count(*) FROM users');
    const result = await json();
    expect(result).toMatchObject({ outcome: 'promoted' });
    expect(JSON.stringify(result.findings)).toContain('It carried 1 process along, which was ended');
    expect(await branches()).toEqual([]);
  });

  test('is killed in the middle of the promotion, and the next run finishes', async () => {
    await project.migration('001_slow.sql', slow);
    const running = start();
    let said = '';
    running.stderr.on('data', (text: Buffer) => (said += text.toString()));
    await until(() => said.includes('rehearse 001_slow') && isWriting());
    await killAll(running);
    const result = await json();
    expect(result).toMatchObject({ outcome: 'promoted' });
    expect(JSON.stringify(result.findings)).toContain('leftovers are gone');
    expect(onMain((main) => main.prepare('SELECT c FROM slow').pluck().all())).toEqual([8_000_000]);
    expect(await branches()).toEqual([]);
  });

  test('fails with main as it was where somebody deletes the VM of the branch, and the next run goes well', async () => {
    await project.migration('001_slow.sql', slow);
    const running = start();
    await until(async () => (await branches()).length > 0);
    for (const vm of await branches()) await account.vers('delete', '-y', vm);
    const result = JSON.parse((await running.ended).stdout) as { outcome: string; exitCode: number };
    expect(result.outcome).not.toBe('promoted');
    expect([1, 3]).toContain(result.exitCode);
    expect(columns()).toEqual(['id', 'name']);
    expect(await json()).toMatchObject({ outcome: 'promoted' });
    expect(await branches()).toEqual([]);
  });

  test('says of a branch what works there, and of a program what to type instead', async () => {
    const { stdout } = await forerun('branch', '--name', 'premium');
    const [vm = ''] = await branches();
    const command = `vers exec -t 60 ${vm} bash -c 'sqlite3 ~/'\\''${basename(file)}'\\'' .schema'`;
    expect(stdout).toContain(command);
    expect(stdout).toMatch(/forerun diff .*main premium +see what differs/);
    expect(stdout).not.toMatch(/forerun (?:exec|promote)/);
    const program = ['exec', 'premium', '--database', address, '--provider', 'vers', '--', 'true'];
    const refused = await startForerun(program, { cwd: project.root, env: env() }).ended;
    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(command) as string });
    expect(await forerun('discard', 'premium')).toMatchObject({ exitCode: 0 });
    expect(await branches()).toEqual([]);
  });

  test('says what to install where the VM lacks it, and what cannot reach the file', async () => {
    await project.migration('001_level.sql', 'ALTER TABLE users ADD COLUMN level INTEGER;');
    const without = await project.forerun(address, safe, { ...env(), FORERUN_VERS_AGENT: 'no-such-agent' });
    expect(without).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('npm install -g forerun@') as string,
    });
    const check = await forerun('up', '--safe', '--validate', 'true');
    expect(check).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('SQL alone') as string });
    const command = await startForerun([...safe, '--database', address, '--', 'true'], {
      cwd: project.root,
      env: env(),
    }).ended;
    expect(command).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('SQL alone') as string });
    expect(columns()).toEqual(['id', 'name']);
    const alone = await project.forerun(address, ['status'], env());
    expect(alone).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--provider vers') as string });
    expect(await branches()).toEqual([]);
  });

  /** Whether somebody is in a transaction on main that writes. */
  function isWriting(): boolean {
    return onMain((main) => {
      main.pragma('busy_timeout = 0');
      try {
        main.exec('BEGIN IMMEDIATE; ROLLBACK');
        return false;
      } catch {
        return true;
      }
    });
  }
});

const sqliteModule = createRequire(import.meta.url).resolve('better-sqlite3');

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
