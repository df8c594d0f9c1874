import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { vers } from '../../src/providers/vers.ts';
import { makeVers } from '../../src/providers/vers/client.ts';
import { execIn } from '../../src/providers/vers/exec.ts';
import type { Provider } from '../../src/seams/provider.ts';
import { startForerun } from '../support/cli.ts';
import { newPostgresProject } from '../support/postgres/project.ts';
import { startVers, versProgram, type VersAccount } from '../support/vers.ts';
import { bodies, run, targetOf } from './fixtures/postgres-world.ts';

// Against a stand-in for Vers, never against Vers itself.
describe.each(['v0.10.0', 'newest'] as const)('what Vers does in ways of its own, as of %s', (grammar) => {
  let account: VersAccount;
  let names = 0;
  beforeAll(async () => {
    account = await startVers(grammar);
  });
  afterAll(() => account[Symbol.asyncDispose]());
  beforeEach(() => Object.assign(process.env, account.env));

  const notes: string[] = [];
  const note = (message: string): void => void notes.push(message);
  const begin = async (): Promise<{ readonly provider: Provider; readonly main: ReturnType<typeof targetOf> }> => {
    const main = targetOf(await account.createDatabase(`main_${(names += 1)}`));
    await run(main, "CREATE TABLE notes (id serial PRIMARY KEY, body text); INSERT INTO notes (body) VALUES ('first')");
    const provider = vers({ vm: account.vm, cli: versProgram });
    notes.length = 0;
    onTestFinished(async () => {
      await account.fault();
      for (const copy of (await provider.list(main)).toReversed()) await provider.discard(copy);
      expect(Object.keys((await account.state()).vms)).toEqual([account.vm]);
      expect(await commits()).toEqual([]);
      expect((await account.state()).tags).toEqual({});
    });
    return { provider, main };
  };
  const commits = async (): Promise<readonly string[]> =>
    Object.values((await account.state()).commits).flatMap((one) => (one.listed ? [one.commit_id] : []));
  const client = () => makeVers({ cli: versProgram, limitMs: 60_000 });

  it('a name or a tag is a slug of at most 64 characters, whatever the label is', async () => {
    const { provider, main } = await begin();
    await using _ = await provider.checkpoint(main, { label: `it's "ours" / 📦 ${'long '.repeat(40)}` });
    const { commits: all, tags } = await account.state();
    const named =
      grammar === 'newest'
        ? Object.values(all).flatMap((one) => (one.listed ? [one.name] : []))
        : Object.values(tags).map((tag) => tag.tag_name);
    expect(named).toEqual([expect.stringMatching(/^forerun-cp_[A-Za-z0-9._-]{1,53}$/)]);
  });

  it.runIf(grammar === 'v0.10.0')('a tag that cannot be set is said, and takes nothing from the commit', async () => {
    const { provider, main } = await begin();
    await account.fault({ on: 'tag_create', status: 409, error: 'tag already exists', times: 9 });
    await using checkpoint = await provider.checkpoint(main, { label: 'untagged', note });
    expect(notes.join()).toMatch(/Commit \S+ has no tag: .*already exists/);
    const branch = await provider.branch(checkpoint, { label: 'b' });
    expect(await bodies(branch.target)).toEqual(['first']);
  });

  it.runIf(grammar === 'newest')('a list that is cut is read to its end', async () => {
    const file = join(account.root, 'most');
    await writeFile(file, '2');
    onTestFinished(() => rm(file));
    for (let count = 0; count < 5; count += 1) await account.vers('commit', 'create', account.vm);
    const ids = (await client().commits()).map((one) => one.commit_id);
    expect(ids.toSorted()).toEqual((await commits()).toSorted());
    expect(ids).toHaveLength(5);
    await account.vers('commit', 'delete', ...ids);
  });

  it.each([2, 3, 4, 5, 6, 7, 127])(
    'the code %i of a command in a VM is its own, though Vers means something else by it',
    async (code) => {
      expect(await execIn(client(), account.vm, `echo said; exit ${code}`, 20_000)).toEqual({ code, stdout: 'said\n' });
    },
  );

  it('a VM that was made by each of three tries is there once', async () => {
    const { provider, main } = await begin();
    await using checkpoint = await provider.checkpoint(main, { label: 'base' });
    await account.fault({ on: 'from_commit', status: 502, after: true, times: 3 });
    const branch = await provider.branch(checkpoint, { label: 'b', note });
    expect(await bodies(branch.target)).toEqual(['first']);
    expect(notes.join()).toContain('It had happened');
    expect(Object.keys((await account.state()).vms)).toHaveLength(2);
  });

  it.each([
    ['a conflict, which is what a second try of the same comes to', 409, 'conflict'],
    ['an error whose text has the digits of another in it', 500, 'vm 40440000-0000-4000-8000-000000000403 is busy'],
  ])('%s proves nothing: a VM that was made is found', async (_, status, error) => {
    const { provider, main } = await begin();
    await using checkpoint = await provider.checkpoint(main, { label: 'base' });
    await account.fault({ on: 'from_commit', status, error, after: true, times: 3 });
    const branch = await provider.branch(checkpoint, { label: 'b', note });
    expect(await bodies(branch.target)).toEqual(['first']);
    expect(Object.keys((await account.state()).vms)).toHaveLength(2);
  });

  it.runIf(grammar === 'newest')('a commit that was made by each of three tries is there once', async () => {
    const { provider, main } = await begin();
    await account.fault({ on: 'commit', status: 502, after: true, times: 3 });
    await using checkpoint = await provider.checkpoint(main, { label: 'thrice', note });
    expect(await commits()).toEqual([checkpoint.target.url.replace('vers:', '')]);
  });

  it.runIf(grammar === 'v0.10.0')(
    'of several commits without a name none is taken for ours, nor deleted: another may have made them',
    { timeout: 120_000 },
    async () => {
      const { provider, main } = await begin();
      await account.fault({ on: 'commit', status: 502, after: true, times: 3 });
      await expect(provider.checkpoint(main, { label: 'thrice' })).rejects.toThrow('surely ours');
      const made = await commits();
      expect(made).toHaveLength(3);
      await account.vers('commit', 'delete', ...made);
    },
  );

  it('prose where JSON was asked for is refused, and what was made meanwhile is found', async () => {
    const { provider, main } = await begin();
    const known = client();
    await known.grammar();
    await account.fault({ on: 'cli', prose: true });
    await expect(known.status(account.vm)).rejects.toThrow('in a form that Forerun does not know');
    await using checkpoint = await provider.checkpoint(main, { label: 'base' });
    await account.fault({ on: 'cli', prose: true });
    const branch = await provider.branch(checkpoint, { label: 'b', note });
    expect(notes.join()).toContain('It had happened');
    expect(await bodies(branch.target)).toEqual(['first']);
  });

  it('HEAD, aliases and .env of the folder that a run is started in are nobody’s business, with two runs at once', async () => {
    const { main } = await begin();
    const project = await newPostgresProject();
    await project.migration('001_level.sql', 'ALTER TABLE notes ADD COLUMN level integer;');
    await mkdir(join(project.root, '.vers'));
    await writeFile(join(project.root, '.vers/HEAD'), 'somebody else’s');
    await writeFile(join(project.root, '.env'), 'VERS_API_KEY=another\n');
    const deploy = async (): Promise<string> => {
      const { stdout } = await startForerun(
        ['up', '--safe', '--provider', 'vers', '--database', main.variable, '--json'],
        {
          cwd: project.root,
          env: {
            ...account.env,
            TMPDIR: project.temporary,
            FORERUN_VERS_VM: account.vm,
            FORERUN_VERS_CLI: versProgram,
          },
        },
      ).ended;
      return (JSON.parse(stdout) as { outcome: string }).outcome;
    };
    expect((await Promise.all([deploy(), deploy()])).sort()).toEqual(['nothing-pending', 'promoted']);
    expect(await readFile(join(project.root, '.vers/HEAD'), 'utf8')).toBe('somebody else’s');
    expect(existsSync(join(account.root, 'home/.vers/aliases.json'))).toBe(false);
    expect((await account.calls()).filter((line) => line.startsWith('dotenv'))).toEqual([]);
  });

  it('a key that expires in the middle of a run ends it with main as it was, and the next one goes through', async () => {
    const { main } = await begin();
    const project = await newPostgresProject();
    await project.migration('001_level.sql', 'ALTER TABLE notes ADD COLUMN level integer;');
    await account.fault({ on: 'from_commit', status: 401, error: 'key expired', times: 99 });
    const env = { ...account.env, FORERUN_VERS_VM: account.vm, FORERUN_VERS_CLI: versProgram };
    const safe = ['up', '--safe', '--provider', 'vers'];
    const result = await project.json(main.variable, safe, env);
    expect(result).toMatchObject({ outcome: 'failed', exitCode: 1 });
    expect(result.error?.next).toContain('vers login');
    const column = "SELECT FROM information_schema.columns WHERE table_name = 'notes' AND column_name = 'level'";
    expect(await account.query(column, `main_${names}`)).toEqual([]);
    await account.fault();
    expect(await project.json(main.variable, safe, env)).toMatchObject({ outcome: 'promoted' });
    expect(await account.query(column, `main_${names}`)).toHaveLength(1);
  });

  // The last one: it looks at what all of the others have asked for.
  it('nothing was asked for by an alias or for HEAD, without a limit, or with a question that nobody answers', async () => {
    const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
    const allowed = new RegExp(
      `^vers (?:${[
        'agent-context',
        '--version',
        `exec -t [1-9]\\d* ${uuid} bash -c .*`,
        `delete -y ${uuid}`,
        `tunnel ${uuid} \\d+:\\d+`,
        `(?:commit create|run-commit|branch|resume|status|info|get) ${uuid}(?: --name \\S+)?(?: --format json| --json)?`,
        `(?:status|commit list|tag list)(?: --limit 500 --offset \\d+)?(?: --format json| --json)`,
        `commit delete(?: ${uuid})+`,
        `tag create \\S+ ${uuid} -d .*`,
        `tag delete \\S+`,
        // Typed by the tests.
        `commit create ${uuid}`,
      ].join('|')})$`,
      's',
    );
    const calls = (await account.calls()).filter((line) => line.startsWith('vers '));
    expect(calls.length).toBeGreaterThan(20);
    expect(calls.filter((line) => !allowed.test(line))).toEqual([]);
  });
});

it('a release that says nothing of itself, and is none that is known, is refused with what to take instead', async () => {
  await using account = await startVers('v0.11.0');
  Object.assign(process.env, account.env);
  await expect(makeVers({ cli: versProgram, limitMs: 60_000 }).machines()).rejects.toMatchObject({
    message: expect.stringContaining('does not know (0.11)'),
    next: expect.stringContaining('Use 0.10.0'),
  });
});
