import { mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { forerun, type Answer } from '../support/cli.ts';
import { startVers, versProgram, type VersAccount } from '../support/vers.ts';

const noVm = '00000000-0000-4000-8000-000000000000';

// Against a stand-in for Vers, never against Vers itself.
describe.each(['v0.10.0', 'newest'] as const)('init --provider vers, its command line as of %s', (grammar) => {
  let account: VersAccount;
  let root = '';
  beforeAll(async () => {
    account = await startVers(grammar);
  });
  afterAll(() => account[Symbol.asyncDispose]());

  const init = async (
    more: readonly string[],
    { files = {}, env = {} }: { files?: Readonly<Record<string, string>>; env?: Readonly<Record<string, string>> } = {},
  ): Promise<Answer> => {
    root = await realpath(await mkdtemp(join(tmpdir(), 'forerun-init-')));
    const folder = root;
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    for (const [name, text] of Object.entries(files)) await writeFile(join(root, name), text);
    return forerun(['init', '--provider', 'vers', ...more], {
      cwd: root,
      env: { ...account.env, FORERUN_VERS_CLI: versProgram, TMPDIR: root, ...env },
    });
  };

  test('takes a VM, writes it into the configuration, and says what to type next', async () => {
    const { exitCode, stdout } = await init([], {
      files: { 'package.json': '{ "type": "module" }' },
      env: { FORERUN_VERS_VM: account.vm },
    });
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`VM ${account.vm} of Vers, where PostgreSQL answers; no migrations yet`);
    expect(stdout).not.toContain('apt-get');
    expect(stdout).toContain(`vers tunnel ${account.vm} 6432:5432`);
    expect(stdout).toContain('npx forerun up --safe');
    expect(await readFile(join(root, 'forerun.config.js'), 'utf8')).toBe(`import { vers } from 'forerun/vers';

/** @type {import('forerun').Config} */
export default {
  database: process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:6432/app',
  migrations: 'migrations',
  provider: vers({ vm: '${account.vm}', cli: process.env.FORERUN_VERS_CLI ?? 'vers' }),
};
`);
  });

  test('makes a VM where that is asked for, and says how PostgreSQL comes into it', async () => {
    const { stdout } = await init(['--vm', 'new'], { files: { 'knexfile.js': '', 'tsconfig.json': '{}' } });
    const [vm = ''] = Object.keys((await account.state()).vms).filter((one) => one !== account.vm);
    expect(stdout).toContain(`VM ${vm} of Vers, which was made; knex`);
    expect(stdout).toContain(`vers exec -t 600 ${vm} bash -c 'apt-get update`);
    expect(await readFile(join(root, 'forerun.config.ts'), 'utf8')).toContain(`import { vers } from 'forerun/vers';

export default {
  source: knex(),
  provider: vers({ vm: '${vm}'`);
    expect((await account.vers('delete', '-y', vm)).exitCode).toBe(0);
  });

  test('makes one VM where the answer was lost', async () => {
    await account.fault({ on: 'new_root', delayMs: 600 }, { on: 'new_root client', limitMs: 300 });
    const { exitCode, stdout } = await init(['--vm', 'new']);
    const [vm = '', ...others] = Object.keys((await account.state()).vms).filter((one) => one !== account.vm);
    expect([exitCode, others]).toEqual([0, []]);
    expect(stdout).toContain(vm);
    await account.vers('delete', '-y', vm);
  });

  test('leaves a configuration that is there as it is, and shows the lines to write into it', async () => {
    const { stdout } = await init(['--vm', account.vm], { files: { 'forerun.config.js': 'export default {};' } });
    expect(stdout).toContain(
      "Write into the configuration: import { vers } from 'forerun/vers'; and: provider: vers({ vm:",
    );
    expect(await readFile(join(root, 'forerun.config.js'), 'utf8')).toBe('export default {};');
  });

  test.each([
    ['a command line that is missing', ['--vm', noVm], { FORERUN_VERS_CLI: '/nowhere/vers' }, 1, 'Install it as'],
    ['a key that is missing', ['--vm', noVm], { VERS_API_KEY: '' }, 1, 'Type: vers login'],
    ['a VM that is not in the account', ['--vm', noVm], {}, 2, 'See: vers status'],
    ['an alias', ['--vm', 'production'], {}, 2, 'Give the UUID'],
    ['no VM at all', [], {}, 2, 'forerun init --provider vers --vm new'],
  ])('tells %s in words of its own, and writes nothing', async (_, more, env, code, next) => {
    const { exitCode, stderr } = await init(more, { env });
    expect(stderr).toContain(next);
    expect(exitCode).toBe(code);
    expect((await readdir(root)).filter((name) => !name.startsWith('forerun-vers'))).toEqual([]);
  });

  test('never shows the key', async () => {
    const answers = [await init([]), await init(['--vm', account.vm])];
    expect(JSON.stringify(answers)).not.toContain(account.env['VERS_API_KEY']);
    expect(await readFile(join(root, 'forerun.config.mjs'), 'utf8')).not.toContain('a key of the tests');
  });
});

test('init tells a command line of Vers that is too old', async () => {
  await using old = await startVers('v0.9.0');
  const env = { ...old.env, FORERUN_VERS_CLI: versProgram };
  const { exitCode, stderr } = await forerun(['init', '--provider', 'vers', '--vm', old.vm], { cwd: old.root, env });
  expect(stderr).toContain('vers upgrade');
  expect(exitCode).toBe(1);
});

test('init sets no other provider up', async () => {
  const answer = await forerun(['init', '--provider', 'template'], { cwd: '/' });
  expect(answer).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('no other provider') });
});
