import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Client } from 'pg';
import { childrenOf, startForerun, until, type Running } from '../support/cli.ts';
import { newPostgresProject, type PostgresProject } from '../support/postgres/project.ts';
import { startVers, versProgram, type VersAccount } from '../support/vers.ts';

// Against a stand-in for Vers, never against Vers itself.
describe('up --safe on a database in a VM', { timeout: 240_000 }, () => {
  let account: VersAccount;
  let project: PostgresProject;
  let address = '';
  let count = 0;
  beforeAll(async () => {
    account = await startVers();
  });
  afterAll(() => account[Symbol.asyncDispose]());
  beforeEach(async () => {
    project = await newPostgresProject();
    const name = `shop_${(count += 1)}`;
    address = await account.createDatabase(name);
    await account.query(
      "CREATE TABLE users (id serial PRIMARY KEY, name text); INSERT INTO users (name) VALUES ('Ada')",
      name,
    );
  });

  const env = (): Record<string, string> => ({
    ...account.env,
    FORERUN_VERS_VM: account.vm,
    FORERUN_VERS_CLI: versProgram,
  });
  const safe = ['up', '--safe', '--provider', 'vers'];
  const forerun = (...args: string[]) => project.forerun(address, [...args, '--provider', 'vers'], env());
  const json = () => project.json(address, safe, env());
  const start = (): Running =>
    startForerun([...safe, '--database', address, '--json'], {
      cwd: project.root,
      env: { ...env(), TMPDIR: project.temporary },
    });
  const branches = async (): Promise<string[]> =>
    Object.keys((await account.state()).vms).filter((vm) => vm !== account.vm);
  const commits = async (): Promise<number> =>
    Object.values((await account.state()).commits).filter(({ listed }) => listed).length;
  const onMain = async (sql: string): Promise<unknown[]> => {
    const client = new Client({ connectionString: address });
    await client.connect();
    const { rows } = await client.query<Record<string, unknown>>(sql);
    await client.end();
    return rows.flatMap((row) => Object.values(row));
  };
  const columns = () =>
    onMain("SELECT column_name FROM information_schema.columns WHERE table_name = 'users' ORDER BY 1");
  const slow = () =>
    project.migration('001_slow.sql', 'SELECT pg_sleep(4); ALTER TABLE users ADD COLUMN slow integer;');

  test('promotes behind commits, and a rollback makes a VM beside main and says so', async () => {
    const before = await commits();
    await project.migration('001_level.sql', 'ALTER TABLE users ADD COLUMN level integer;');
    await project.migration('002_index.sql', 'CREATE INDEX users_name ON users (name);');
    const result = await json();
    expect(result).toMatchObject({ outcome: 'promoted', provider: 'vers' });
    expect(result.migrations.map(({ promotion }) => promotion)).toEqual(['replay', 'replay']);
    expect(JSON.stringify(result.findings)).toMatch(/stood still for \d+ ms/);
    expect(await columns()).toEqual(['id', 'level', 'name']);
    expect(await branches()).toEqual([]);
    expect(await commits()).toBe(before + 2);

    const [first] = result.migrations;
    const back = await forerun('rollback', first?.checkpoint ?? '', '--yes');
    expect(back).toMatchObject({ exitCode: 0 });
    expect(back.stdout).toContain('Main is not restored');
    expect(back.stdout).toContain(`It is VM ${(await branches()).join()}`);
    expect(await columns()).toEqual(['id', 'level', 'name']);
    const there = /stands at (postgres:\S+)/.exec(back.stdout)?.[1] ?? '';
    const client = new Client({ connectionString: there });
    await client.connect();
    await expect(client.query('SELECT level FROM users')).rejects.toThrow('level');
    expect((await client.query('SELECT name FROM users')).rows).toEqual([{ name: 'Ada' }]);
    await client.end();
    expect(await forerun('discard', `rollback-to-${first?.checkpoint}`)).toMatchObject({ exitCode: 0 });
    expect(await branches()).toEqual([]);
  });

  test('blocks what fails on the branch, and leaves nothing of it', async () => {
    const before = await commits();
    await project.migration('001_wrong.sql', 'ALTER TABLE users ADD COLUMN level integer; SELECT nonsense;');
    expect(await json()).toMatchObject({ outcome: 'blocked', exitCode: 3 });
    expect(await columns()).toEqual(['id', 'name']);
    expect([await branches(), await commits()]).toEqual([[], before]);
  });

  test.each(['commit create', 'tag create', 'run-commit', 'tunnel', 'delete'])(
    'is killed while it asks for %s, and the next run cleans up and finishes',
    async (what) => {
      const before = await commits();
      await project.migration('001_level.sql', 'ALTER TABLE users ADD COLUMN level integer;');
      const known = (await account.calls()).length;
      const running = start();
      await until(async () => (await account.calls()).slice(known).some((line) => line.startsWith(`vers ${what}`)));
      for (const pid of [...(await childrenOf(running.pid)), running.pid]) kill(pid);
      await running.ended;
      const result = await json();
      expect(await columns()).toEqual(['id', 'level', 'name']);
      expect([0, 1]).toContain(result.migrations.length);
      expect(JSON.stringify(result.findings)).toContain('leftovers are gone');
      expect([await branches(), await commits()]).toEqual([[], before + 1]);
    },
  );

  test('of two at once, one waits for the other', async () => {
    await slow();
    const answers = await Promise.all([start().ended, start().ended]);
    expect(answers.map(({ stdout }) => (JSON.parse(stdout) as { outcome: string }).outcome).sort()).toEqual([
      'nothing-pending',
      'promoted',
    ]);
    expect(await branches()).toEqual([]);
  });

  test('fails with main as it was where somebody deletes the VM of the branch, and the next run goes well', async () => {
    await slow();
    const running = start();
    await until(async () => (await onBranch()).includes(true));
    for (const vm of await branches()) await account.vers('delete', '-y', vm);
    const { stdout } = await running.ended;
    const result = JSON.parse(stdout) as { outcome: string; exitCode: number };
    expect(result.outcome).not.toBe('promoted');
    expect([1, 3]).toContain(result.exitCode);
    expect(await columns()).toEqual(['id', 'name']);
    expect(await json()).toMatchObject({ outcome: 'promoted' });
    expect(await branches()).toEqual([]);
  });

  test('resumes a main that a run left paused when it died', async () => {
    await project.migration('001_level.sql', 'ALTER TABLE users ADD COLUMN level integer;');
    await account.vers('pause', account.vm);
    const result = await json();
    expect(result).toMatchObject({ outcome: 'promoted' });
    expect(JSON.stringify(result.findings)).toContain('was resumed');
  });

  test('has to know which VM main is in', async () => {
    const answer = await project.forerun(address, safe, account.env);
    expect(answer).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('FORERUN_VERS_VM') });
  });

  /** Whether the slow statement is at work, for each VM of a branch. */
  async function onBranch(): Promise<boolean[]> {
    const asked = (await branches()).map(async (vm) => {
      const sql =
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND state = 'active' AND pid <> pg_backend_pid()";
      return (await account.vers('exec', vm, 'psql', '-d', 'postgres', '-Atc', sql)).stdout.trim() !== '0';
    });
    return Promise.all(asked);
  }
});

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
