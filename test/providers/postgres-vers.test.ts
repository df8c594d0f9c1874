import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { vers, type VersOptions } from '../../src/providers/vers.ts';
import { makeVers } from '../../src/providers/vers/client.ts';
import { execIn } from '../../src/providers/vers/exec.ts';
import { processesLike } from '../../src/providers/vers/processes.ts';
import type { Provider } from '../../src/seams/provider.ts';
import { until } from '../support/cli.ts';
import { startVers, versProgram, type VersAccount } from '../support/vers.ts';
import { add, bodies, run, targetOf } from './fixtures/postgres-world.ts';

const noVm = '00000000-0000-4000-8000-000000000000';

// Against a stand-in for Vers, never against Vers itself.
let account: VersAccount;
let newest: VersAccount;
let names = 0;
beforeAll(async () => {
  [account, newest] = [await startVers(), await startVers('newest')];
});
afterAll(async () => {
  await account[Symbol.asyncDispose]();
  await newest[Symbol.asyncDispose]();
});
beforeEach(() => use(account));

function use({ env }: VersAccount): void {
  Object.assign(process.env, env);
}

interface World {
  readonly provider: Provider;
  readonly main: ReturnType<typeof targetOf>;
  readonly notes: string[];
  readonly note: (message: string) => void;
}

/** A new main with one note; afterwards every copy is thrown away, and then nothing of it may be left in the account. */
async function begin(at: VersAccount = account, options: Partial<VersOptions> = {}): Promise<World> {
  use(at);
  const url = await at.createDatabase(`main_${(names += 1)}`);
  const main = targetOf(url);
  await run(main, "CREATE TABLE notes (id serial PRIMARY KEY, body text); INSERT INTO notes (body) VALUES ('first')");
  const provider = vers({ vm: at.vm, cli: versProgram, ...options });
  const notes: string[] = [];
  onTestFinished(async () => {
    use(at);
    await at.fault();
    for (const copy of (await provider.list(main)).toReversed()) await provider.discard(copy);
    const { vms, commits, tags } = await at.state();
    expect(Object.keys(vms)).toEqual([at.vm]);
    expect(Object.values(commits).filter(({ listed }) => listed)).toEqual([]);
    expect(tags).toEqual({});
  });
  return { provider, main, notes, note: (message) => notes.push(message) };
}

describe('what the command line says', () => {
  const refusalOf = async (options: Partial<VersOptions>): Promise<unknown> =>
    vers({ vm: account.vm, cli: versProgram, ...options })
      .estimate(targetOf(account.url('postgres')))
      .catch((error: unknown) => error);

  it('is no words of its own where it is missing, has no key, is too old, or knows no such VM: what to type is said', async () => {
    expect(await refusalOf({ cli: '/nowhere/vers' })).toMatchObject({
      code: 'PROVIDER_FAILED',
      next: expect.stringContaining('FORERUN_VERS_CLI'),
    });
    process.env['VERS_API_KEY'] = '';
    expect(await refusalOf({})).toMatchObject({
      message: expect.stringContaining('no key'),
      next: expect.stringContaining('vers login'),
    });
    use(account);
    expect(await refusalOf({ vm: noVm })).toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining(noVm),
      next: expect.stringContaining('vers status'),
    });
    await using old = await startVers('v0.9.0');
    use(old);
    expect(await refusalOf({ vm: old.vm })).toMatchObject({
      message: expect.stringContaining('too old'),
      next: expect.stringContaining('vers upgrade'),
    });
  });

  it('is not asked for an alias', () => {
    expect(() => vers({ vm: 'production' })).toThrow('no id of Vers');
  });

  it('is understood with debugging before the JSON and news behind it', async () => {
    await account.fault({ on: 'cli', debug: true, update: true, times: 4 });
    const client = makeVers({ cli: versProgram, limitMs: 60_000 });
    expect(await client.status(account.vm)).toMatchObject({ vm_id: account.vm, state: 'running' });
    expect((await client.machines()).map(({ vm_id }) => vm_id)).toEqual([account.vm]);
  });

  it('is waited for only so long', async () => {
    await account.fault({ on: 'cli', hang: true, times: 9 });
    expect(await refusalOf({ callLimitSeconds: 1 })).toMatchObject({ code: 'PROVIDER_FAILED' });
    await account.fault();
  });
});

describe('a command in a VM', () => {
  const client = makeVers({ cli: versProgram, limitMs: 60_000 });
  const exec = (script: string, limitMs = 20_000) => execIn(client, account.vm, script, limitMs);

  it('answers with its own code and output, whatever they are made of', async () => {
    expect(await exec(`echo "it's 2 words"; printf x; exit 3`)).toEqual({ code: 3, stdout: "it's 2 words\nx" });
    expect(await exec('psql -d postgres -Atc "SELECT 1 + 1"')).toEqual({ code: 0, stdout: '2\n' });
    expect(await exec("psql -d postgres -v ON_ERROR_STOP=1 -f - <<< 'SELECT nonsense'")).toMatchObject({ code: 3 });
  });

  it('is in doubt where its output was cut off, though the command line calls that a success', async () => {
    await account.fault({ on: 'exec', cutAfterMs: 50 });
    await expect(exec('sleep 0.5; exit 1')).rejects.toMatchObject({ message: expect.stringContaining('cut off') });
  });

  it('has the limit that it is given', async () => {
    await expect(exec('sleep 30', 1000)).rejects.toMatchObject({ message: expect.stringContaining('within 1 s') });
  });

  it('is refused in a VM that is not there', async () => {
    await expect(execIn(client, noVm, 'true', 1000)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe.each(['v0.10.0', 'newest'] as const)('what is in doubt, as of %s', (grammar) => {
  const at = (): VersAccount => (grammar === 'newest' ? newest : account);

  it('is looked for and not asked for again: a commit and a VM that were made though the answer was lost', async () => {
    const { provider, main, note, notes } = await begin(at());
    await at().fault({ on: 'commit', delayMs: 600 }, { on: 'commit client', limitMs: 300 });
    await using checkpoint = await provider.checkpoint(main, { label: 'in doubt', note });
    await at().fault({ on: 'from_commit', delayMs: 600 }, { on: 'from_commit client', limitMs: 300 });
    const branch = await provider.branch(checkpoint, { label: 'in doubt', note });
    expect(await bodies(branch.target)).toEqual(['first']);
    const calls = await at().calls();
    const asked = (what: string) => calls.filter((line) => line.startsWith(`vers ${what}`)).length;
    expect([asked('commit create'), asked('run-commit')]).toEqual([1, 1]);
    expect(notes.filter((text) => text.includes('It had happened'))).toHaveLength(2);
  });

  it('is looked for where the command line was killed', async () => {
    const { provider, main, note, notes } = await begin(at());
    await at().fault({ on: 'commit', delayMs: 1500 });
    const making = provider.checkpoint(main, { label: 'killed', note });
    const calls = () => processesLike(/vers\.mjs commit create /, 'command');
    await until(async () => (await calls()).length > 0 && (await at().isWorking()));
    for (const { pid } of await calls()) process.kill(pid, 'SIGKILL');
    await using checkpoint = await making;
    const branch = await provider.branch(checkpoint, { label: 'of it' });
    expect(await bodies(branch.target)).toEqual(['first']);
    expect(notes.join()).toContain('It had happened');
  });

  it('is a failure where nothing came of it, and leaves nothing', { timeout: 120_000 }, async () => {
    const { provider, main } = await begin(at());
    await at().fault({ on: 'commit', status: 500, error: 'no space left on device', times: 3 });
    await expect(provider.checkpoint(main, { label: 'never' })).rejects.toMatchObject({
      code: 'PROVIDER_FAILED',
      message: expect.stringContaining('no space left'),
    });
    expect(await provider.list(main)).toEqual([]);
  });
});

describe('a checkpoint', () => {
  it('says how long main stood still, and resumes it where the commit left it paused', async () => {
    const { provider, main, note, notes } = await begin();
    await account.fault({ on: 'commit', leavesPaused: true });
    await using _ = await provider.checkpoint(main, { label: 'paused', note });
    expect(notes.join()).toMatch(/stood still for \d+ ms, and had to be resumed/);
    expect(await bodies(main)).toEqual(['first']);
    expect((await account.state()).vms[account.vm]?.state).toBe('running');
  });

  it('is kept where a VM that nobody told us of descends from it, and that is said', async () => {
    const { provider, main } = await begin();
    await using checkpoint = await provider.checkpoint(main, { label: 'base' });
    const commit = checkpoint.target.url.replace('vers:', '');
    const { stdout } = await account.vers('run-commit', commit, '--format', 'json');
    const theirs = /"vm_id": "(.*)"/.exec(stdout)?.[1] ?? '';
    await expect(provider.discard(checkpoint)).rejects.toMatchObject({
      code: 'PROVIDER_FAILED',
      message: expect.stringContaining(commit),
    });
    expect((await provider.list(main)).map(({ id }) => id)).toEqual([checkpoint.id]);
    await account.vers('delete', '-y', theirs);
  });

  it('takes a main that was left paused for what it is, and resumes it', async () => {
    const { provider, main } = await begin();
    expect(await provider.awaken?.(main)).toBeUndefined();
    await account.vers('pause', account.vm);
    expect(await provider.awaken?.(main)).toContain('was paused');
    expect(await bodies(main)).toEqual(['first']);
  });
});

describe('a branch', () => {
  it('has none of the sessions that main had, with their locks, and what was found is said', async () => {
    const { provider, main, note, notes } = await begin(account, { quiesce: 'touch "quiet ed"' });
    const application = new Client({ connectionString: main.variable, application_name: 'an application' });
    await application.connect();
    await application.query("BEGIN; LOCK TABLE notes; INSERT INTO notes (body) VALUES ('not committed')");
    await using checkpoint = await provider.checkpoint(main, { label: 'busy' });
    const branch = await provider.branch(checkpoint, { label: 'b', note });
    await run(branch.target, 'ALTER TABLE notes ADD COLUMN extra text');
    expect(await bodies(branch.target)).toEqual(['first']);
    expect(notes.join()).toContain('"an application" in');
    expect(notes.join()).toContain('inside a transaction');
    expect(notes.join()).toContain('touch "quiet ed"');
    await application.query('ROLLBACK');
    await application.end();
  });

  it('is refused where quiescing it fails', async () => {
    const { provider, main } = await begin(account, { quiesce: 'exit 4' });
    await using checkpoint = await provider.checkpoint(main, { label: 'base' });
    await expect(provider.branch(checkpoint, { label: 'b' })).rejects.toMatchObject({
      message: expect.stringContaining('ended with 4'),
    });
  });

  it('is refused where main is not in that VM', async () => {
    const { main } = await begin(newest);
    use(account);
    const provider = vers({ vm: account.vm, cli: versProgram });
    await using checkpoint = await provider.checkpoint(main, { label: 'elsewhere' });
    await expect(provider.branch(checkpoint, { label: 'b' })).rejects.toMatchObject({
      message: expect.stringContaining('does not lead into VM'),
    });
    await provider.discard(checkpoint);
  });

  it('is reached again at the same address where its tunnel breaks', async () => {
    const { provider, main } = await begin();
    await using checkpoint = await provider.checkpoint(main, { label: 'base' });
    const branch = await provider.branch(checkpoint, { label: 'b' });
    const port = new URL(branch.target.url).port;
    const tunnels = () => processesLike(new RegExp(`tunnel \\S+ ${port}:`), 'command');
    for (const { pid } of await tunnels()) process.kill(pid, 'SIGKILL');
    await until(async () => (await tunnels()).length === 0);
    await until(() =>
      add(branch.target, 'again').then(
        () => true,
        () => false,
      ),
    );
    expect(await bodies(branch.target)).toEqual(['first', 'again']);
    await provider.discard(branch);
    expect(await tunnels()).toEqual([]);
  });

  it('is thrown away though somebody deleted its VM, and is no hindrance to the next', async () => {
    const { provider, main } = await begin();
    await using checkpoint = await provider.checkpoint(main, { label: 'base' });
    const branch = await provider.branch(checkpoint, { label: 'b' });
    const [gone = ''] = Object.keys((await account.state()).vms).filter((vm) => vm !== account.vm);
    await account.vers('delete', '-y', gone);
    await expect(run(branch.target, 'SELECT 1')).rejects.toThrow();
    await provider.discard(branch);
    expect(await bodies((await provider.branch(checkpoint, { label: 'b' })).target)).toEqual(['first']);
  });

  it('is not made with a key that expired meanwhile, and what to type is said', async () => {
    const { provider, main } = await begin();
    await using checkpoint = await provider.checkpoint(main, { label: 'base' });
    await account.fault({ on: 'from_commit', status: 401, error: 'key expired' });
    await expect(provider.branch(checkpoint, { label: 'b' })).rejects.toMatchObject({
      next: expect.stringContaining('vers login'),
    });
  });

  it('costs, with its checkpoint, three calls, and a fourth where a tag is the name of a commit', async () => {
    for (const [at, tags] of [
      [account, ['tag create']],
      [newest, []],
    ] as const) {
      const { provider, main } = await begin(at);
      await provider.list(main);
      await using _ = await provider.checkpoint(main, { label: 'the first asks which command line it is' });
      const known = (await at.calls()).length;
      await using checkpoint = await provider.checkpoint(main, { label: 'base' });
      await provider.branch(checkpoint, { label: 'b' });
      const asked = (await at.calls()).slice(known).filter((line) => line.startsWith('vers '));
      const verbs = asked.map((line) => /^vers ((?:commit |tag )?[\w-]+)/.exec(line)?.[1]);
      expect(verbs).toEqual(['commit create', ...tags, 'run-commit', 'tunnel']);
    }
  });

  it('touches neither HEAD nor aliases', async () => {
    const { provider, main } = await begin();
    await using checkpoint = await provider.checkpoint(main, { label: 'base' });
    await Promise.all(['one', 'two', 'three'].map((label) => provider.branch(checkpoint, { label })));
    expect((await provider.list(main)).map(({ label }) => label).sort()).toEqual(['base', 'one', 'three', 'two']);
    const { existsSync } = await import('node:fs');
    expect(existsSync(join(account.root, 'home/.vers/aliases.json'))).toBe(false);
    expect((await account.calls()).filter((line) => /checkout|--alias|-n\b/.test(line))).toEqual([]);
  });
});
