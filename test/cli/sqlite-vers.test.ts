import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
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

  test('promotes behind commits', async () => {
    await project.migration('001_level.sql', 'ALTER TABLE users ADD COLUMN level INTEGER;');
    const result = await json();
    expect(result).toMatchObject({ outcome: 'promoted', provider: 'vers' });
    expect(result.migrations.map(({ promotion }) => promotion)).toEqual(['replay']);
    expect(columns()).toEqual(['id', 'name', 'level']);
    expect(await branches()).toEqual([]);
    const status = await forerun('status');
    expect(status).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('001') as string });
  });
});
