import { mkdirSync, symlinkSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { forerun, type Answer } from '../support/cli.ts';
import { startVers, versProgram, type VersAccount } from '../support/vers.ts';

// Against a stand-in for Vers, never against Vers itself.
describe('init --provider vers, for a SQLite file', { timeout: 120_000 }, () => {
  let account: VersAccount;
  let root = '';
  let bin = '';
  beforeAll(async () => {
    account = await startVers('v0.10.0', 'files');
  });
  afterAll(() => account[Symbol.asyncDispose]());
  beforeEach(async () => {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'forerun-init-')));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    [root, bin] = [join(folder, 'shop'), join(folder, 'bin')];
    await mkdir(join(root, 'migrations'), { recursive: true });
    await mkdir(join(root, 'node_modules'));
    symlinkSync(join(import.meta.dirname, '../..'), join(root, 'node_modules/forerun'));
    await mkdir(bin);
    symlinkSync(versProgram, join(bin, 'vers'));
    await writeFile(join(root, 'package.json'), '{ "type": "module" }');
    await writeFile(join(root, 'migrations/001_level.sql'), 'ALTER TABLE users ADD COLUMN level INTEGER;');
    await writeFile(join(root, 'schema.sql'), "CREATE TABLE users (name TEXT); INSERT INTO users VALUES ('Ada');");
  });

  const env = (): Record<string, string> => ({ ...account.env, FORERUN_VERS_CLI: versProgram });
  const init = (...args: string[]): Promise<Answer> =>
    forerun(['init', '--provider', 'vers', ...args], { cwd: root, env: env() });
  /** Types a line of what was printed, with a file of a schema where one is asked for. */
  const type = async (stdout: string, like: RegExp): Promise<void> => {
    const line = stdout.split('\n').find((one) => like.test(one)) ?? '';
    const typed = line.replace('<your schema and data>.sql', 'schema.sql');
    const path = `${bin}:${process.env['PATH'] ?? ''}`;
    await execa('bash', ['-c', typed], { cwd: root, env: { ...env(), PATH: path } });
  };

  test('takes a VM, and what is printed makes a main that can be promoted to', async () => {
    const { exitCode, stdout } = await init('--vm', account.vm, '--database', "vers:~/shop's/app.db");
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`VM ${account.vm} of Vers`);
    expect(stdout).not.toContain('npm install -g');
    expect(stdout).not.toMatch(/tunnel|psql|PostgreSQL/);
    expect(await readFile(join(root, 'forerun.config.js'), 'utf8')).toContain(
      `database: process.env.DATABASE_URL ?? 'vers:~/shop\\'s/app.db'`,
    );
    await type(stdout, /vers exec .* -i /);
    const up = await forerun(['up', '--safe'], { cwd: root, env: env() });
    expect(up).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('promote 001_level') as string });

    await rm(join(root, 'forerun.config.js'));
    const again = await init('--vm', account.vm, '--database', "vers:~/shop's/app.db");
    expect(again.stdout).toContain("where ~/shop's/app.db is");
    expect(again.stdout).not.toContain('vers exec');
  });

  test('makes a VM where that is asked for, and says what has to be installed there', async () => {
    const { exitCode, stdout } = await init('--vm', 'new', '--database', 'vers:~/app.db');
    const [vm = ''] = Object.keys((await account.state()).vms).filter((one) => one !== account.vm);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`VM ${vm} of Vers, which was made`);
    expect(stdout).toContain(`vers exec -t 300 ${vm} bash -c 'npm install -g forerun@`);
    mkdirSync(join(account.home(vm), 'bin'));
    symlinkSync(join(import.meta.dirname, '../../bin/forerun-agent.js'), join(account.home(vm), 'bin/forerun-agent'));
    await type(stdout, /vers exec .* -i /);
    const doctor = await forerun(['doctor'], { cwd: root, env: env() });
    expect(doctor).toMatchObject({ exitCode: 0, stderr: '' });
    await account.vers('delete', '-y', vm);
  });

  test('refuses an address that names no file, and writes nothing', async () => {
    const refused = await init('--vm', account.vm, '--database', 'vers:app.db');
    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('vers:/srv/app.db') as string });
    expect((await readdir(root)).filter((name) => name.startsWith('forerun.config'))).toEqual([]);
  });
});
