import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from 'pg';
import { until } from './cli.ts';
import { startVers, versProgram, type VersAccount } from './vers.ts';

const noVm = '00000000-0000-4000-8000-000000000000';

describe('the stand-in for Vers', () => {
  let account: VersAccount;
  beforeAll(async () => {
    account = await startVers();
    await account.createDatabase('app');
    await account.query("CREATE TABLE notes (body text); INSERT INTO notes VALUES ('first')", 'app');
  });
  afterAll(() => account[Symbol.asyncDispose]());

  const psql = (vm: string, sql: string) => account.vers('exec', vm, 'psql', '-d', 'app', '-Atc', sql);
  const commit = async (): Promise<string> =>
    (
      JSON.parse((await account.vers('commit', 'create', account.vm, '--format', 'json')).stdout) as {
        commit_id: string;
      }
    ).commit_id;
  const restored = async (of: string): Promise<string> => {
    const { stdout } = await account.vers('run-commit', of, '--format', 'json');
    const { vm_id } = JSON.parse(stdout.slice(stdout.indexOf('{'))) as { vm_id: string };
    await until(async () => (await account.state()).vms[vm_id]?.state === 'running');
    return vm_id;
  };

  it('restores a machine with its database, its files and the sessions that were open', async () => {
    await writeFile(join(account.root, 'vms', account.vm, 'a file'), 'kept');
    const client = new Client({ connectionString: account.url('app'), application_name: 'an application' });
    await client.connect();
    await client.query("BEGIN; INSERT INTO notes VALUES ('not committed')");
    const vm = await restored(await commit());
    expect((await psql(vm, 'SELECT body FROM notes')).stdout).toBe('first');
    expect((await account.vers('exec', vm, 'cat', 'a file')).stdout).toBe('kept');
    const sessions = await psql(
      vm,
      "SELECT application_name, state FROM pg_stat_activity WHERE datname = 'app' AND pid <> pg_backend_pid()",
    );
    expect(sessions.stdout).toBe('an application|idle in transaction');
    expect((await psql(vm, 'SET lock_timeout = 200; ALTER TABLE notes ADD x int')).stderr).toContain('lock timeout');
    await client.end();
    await psql(vm, "INSERT INTO notes VALUES ('there')");
    expect((await psql(account.vm, 'SELECT count(*) FROM notes')).stdout).toBe('1');
    expect(await account.vers('delete', '-y', vm)).toMatchObject({ exitCode: 0 });
  });

  it('prints a warning before the JSON of run-commit, and the JSON alone of a commit', async () => {
    const of = await commit();
    expect((await account.vers('run-commit', of, '--format', 'json')).stdout).toMatch(
      /^Warning: vers.toml not found.*\n\{\n {2}"vm_id"/,
    );
  });

  it('refuses, and asks, as the real one does', async () => {
    const codes = async (...args: string[]) => (await account.vers(...args)).exitCode;
    expect(await codes('delete', account.vm)).toBe(7);
    expect(await codes('delete', '-y', noVm)).toBe(2);
    expect(await codes('status', noVm)).toBe(3);
    expect(await codes('status', 'an-alias')).toBe(3);
    expect(await codes('rollback', 'x')).toBe(1);
    expect(await codes('commit', '--tag', 'x')).toBe(1);
    expect(await codes('run-commit', 'a-tag')).toBe(1);
    expect(await codes('agent-context')).toBe(1);
    const { stderr } = await account.vers('commit', 'create', noVm);
    expect(stderr).toMatch(/^Error: commit: API error 404.*\nUsage:/);
  });

  it('takes one text with spaces for the name of a program, and ends with the code of a command', async () => {
    expect(await account.vers('exec', account.vm, 'echo hi')).toMatchObject({ exitCode: 127 });
    expect(await account.vers('exec', account.vm, 'bash', '-c', "echo 'it''s'; exit 3")).toMatchObject({
      exitCode: 3,
      stdout: 'its',
    });
  });

  it('calls a stream that was cut a success, and gives up at its limit', async () => {
    await account.fault({ on: 'exec', cutAfterMs: 50 });
    expect(await account.vers('exec', account.vm, 'bash', '-c', 'sleep 1; exit 3')).toMatchObject({
      exitCode: 0,
      stdout: '',
    });
    expect(await account.vers('exec', '-t', '1', account.vm, 'sleep', '20')).toMatchObject({ exitCode: 6 });
  });

  it('repeats what failed, though it happened', async () => {
    const before = Object.keys((await account.state()).commits).length;
    await account.fault({ on: 'commit', status: 500, after: true });
    await commit();
    expect(Object.keys((await account.state()).commits).length).toBe(before + 2);
  });

  it('keeps a commit that a machine descends from', async () => {
    const of = await commit();
    const vm = await restored(of);
    expect(await account.vers('commit', 'delete', of)).toMatchObject({ exitCode: 4 });
    await account.vers('delete', '-y', vm);
    expect(await account.vers('commit', 'delete', of)).toMatchObject({ exitCode: 0 });
  });

  it('works for HEAD where no machine is named', async () => {
    const answer = await account.vers('exec', 'typo', 'psql');
    expect(answer).toMatchObject({ exitCode: 3 });
  });

  it('answers nobody while it is paused', async () => {
    const client = new Client({ connectionString: account.url('app'), connectionTimeoutMillis: 300 });
    client.on('error', () => {});
    await account.vers('pause', account.vm);
    await expect(client.connect()).rejects.toThrow();
    await account.vers('resume', account.vm);
    expect((await psql(account.vm, 'SELECT 1')).stdout).toBe('1');
  });

  it('is missing a key in words of its own', async () => {
    const { execa } = await import('execa');
    const answer = await execa(versProgram, ['status'], { env: { ...account.env, VERS_API_KEY: '' }, reject: false });
    expect(answer).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('Error: authentication required') });
  });
});
