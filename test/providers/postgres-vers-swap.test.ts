import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { resolveConfig } from '../../src/config.ts';
import { up } from '../../src/run.ts';
import type { RunResult } from '../../src/result.ts';
import { vers, type VersOptions } from '../../src/providers/vers.ts';
import { branch, branches, checkpoints, discard } from '../../src/verbs/copies.ts';
import { promoteBranch } from '../../src/verbs/promote.ts';
import { previewRollback, rollback } from '../../src/verbs/rollback.ts';
import { diff } from '../../src/verbs/diff.ts';
import { status } from '../../src/verbs/status.ts';
import type { Setup } from '../../src/setup.ts';
import { childrenOf, startForerun, until } from '../support/cli.ts';
import { startVers, versProgram, type VersAccount } from '../support/vers.ts';
import { openTunnel, startTraffic, type Traffic } from './fixtures/vers-traffic.ts';

// Against a stand-in for Vers, never against Vers itself.
describe('a swap on a VM', { timeout: 240_000 }, () => {
  /** An account with a main and a migration that shares no transaction with its history row. */
  interface World {
    readonly account: VersAccount;
    readonly traffic: Traffic;
    readonly root: string;
    deployer(options: Partial<VersOptions>, port?: number): Promise<Setup>;
    run(options?: Partial<VersOptions>): Promise<RunResult>;
    /** What stands in the shop in a VM, by its own socket; or why nobody can connect. */
    look(vm: string): Promise<unknown>;
  }

  async function begin(): Promise<World> {
    const account = await startVers('newest');
    onTestFinished(() => account[Symbol.asyncDispose]());
    Object.assign(process.env, account.env);
    const traffic = await startTraffic(account);
    onTestFinished(() => traffic[Symbol.asyncDispose]());
    const root = await mkdtemp(join(tmpdir(), 'forerun-swap-'));
    onTestFinished(() => rm(root, { recursive: true, force: true }));
    await mkdir(join(root, 'migrations'));
    await writeFile(join(root, 'migrations/001_index.sql'), 'CREATE INDEX CONCURRENTLY by_name ON users (name);');
    await account.createDatabase('shop');
    await account.query("CREATE TABLE users (name text); INSERT INTO users VALUES ('Ada')", 'shop');
    const deployer = (options: Partial<VersOptions>, port = traffic.port): Promise<Setup> =>
      resolveConfig({
        database: `postgres://postgres@127.0.0.1:${port}/shop`,
        root,
        provider: vers({ vm: account.vm, cli: versProgram, readyLimitSeconds: 5, ...options }),
      });
    return {
      account,
      traffic,
      root,
      deployer,
      run: async (options = {}) =>
        up(await deployer(options.unshared ? options : { handOver: traffic.command, ...options }), { safe: true }),
      look: (vm) => look(account, vm),
    };
  }

  it('makes the rehearsed VM main, has the traffic moved, and leaves the old one fenced', async () => {
    const { account, traffic, deployer, run, look } = await begin();
    const application = new Client(`postgres://postgres@127.0.0.1:${traffic.port}/shop`);
    application.on('error', () => {});
    await application.connect();
    const result = await run();
    expect(result, JSON.stringify(result)).toMatchObject({ outcome: 'promoted', exitCode: 0 });
    expect(result.migrations[0]).toMatchObject({ promotion: 'swap' });
    const main = await traffic.vm();
    expect(await traffic.moved()).toEqual([`${account.vm} ${main}`]);
    expect(Object.keys((await account.state()).vms).sort()).toEqual([account.vm, main].sort());
    expect(await look(main)).toEqual({ users: ['Ada'], index: true, history: ['001_index'] });
    expect(await look(account.vm)).toContain('not currently accepting connections');
    await expect(application.query('SELECT 1')).rejects.toThrow();
    const said = JSON.stringify(result.findings);
    expect(said).toContain(`Main is VM ${main} now: write that into the configuration`);
    expect(said).toContain(`vers delete -y ${account.vm}`);

    // A configuration that names the old one is refused, wherever its address leads.
    const stale = await run();
    expect(stale).toMatchObject({ exitCode: 2, error: { code: 'CONFIG' } });
    expect(stale.error?.message).toContain(`main is VM ${main}`);
    expect(stale.error?.next).toContain(`vers({ vm: '${main}' })`);
    const old = await deployer({ handOver: traffic.command }, Number(new URL(account.url('shop')).port));
    const superseded = await up(old, { safe: true });
    expect(superseded.error).toMatchObject({ code: 'CONFIG', message: expect.stringContaining(`main is VM ${main}`) });
    expect(await traffic.moved()).toHaveLength(1);
    // Those who only look are told the same, and not to open it again.
    const looks = [
      () => status(old),
      () => diff(old, 'main', 'any'),
      () => previewRollback(old, 'any'),
      () => rollback(old, 'any'),
    ];
    for (const look of looks) {
      expect(await look().catch((error: unknown) => error)).toMatchObject({
        code: 'CONFIG',
        message: expect.stringContaining(`VM ${account.vm} is main no more: since`) as string,
        next: expect.stringContaining(`vers tunnel ${main} <port>:5432`) as string,
      });
    }

    const next = await deployer({ vm: main, handOver: traffic.command });
    expect(await up(next, { safe: true })).toMatchObject({ outcome: 'nothing-pending' });
    const [way] = await checkpoints(next);
    const beside = await rollback(next, way?.id ?? '');
    expect(beside).toMatchObject({ beside: true, branch: { url: expect.stringContaining('127.0.0.1') } });
    expect(await traffic.vm()).toBe(main);
    await discard(next, beside.branch?.id ?? '');
    // Main descends from it: its commit is kept as long as there is main.
    await discard(next, way?.id ?? '');
    expect(await checkpoints(next)).toEqual([]);
    expect(Object.keys((await account.state()).vms).sort()).toEqual([account.vm, main].sort());
  });

  it('makes a branch main that a person made and changed, by the same steps', async () => {
    const { account, traffic, deployer, look } = await begin();
    const setup = await deployer({ handOver: traffic.command });
    const made = await branch(setup, { name: 'mine' });
    const client = new Client(made.variable);
    await client.connect();
    await client.query("INSERT INTO users VALUES ('Grace')");
    await client.end();
    const result = await promoteBranch(setup, 'mine');
    expect(result, JSON.stringify(result)).toMatchObject({ outcome: 'promoted', exitCode: 0 });
    const main = await traffic.vm();
    expect(await look(main)).toMatchObject({ users: ['Ada', 'Grace'] });
    expect(await look(account.vm)).toContain('not currently accepting connections');
    const next = await deployer({ vm: main, handOver: traffic.command });
    expect(await branches(next)).toEqual([]);
    expect(Object.keys((await account.state()).vms).sort()).toEqual([account.vm, main].sort());
  });

  it('needs no command where nobody but Forerun uses the VM: the tunnel is moved', async () => {
    const { account, deployer, look } = await begin();
    const port = await openTunnel(account);
    const setup = await deployer({ unshared: true }, port);
    const result = await up(setup, { safe: true });
    expect(result, JSON.stringify(result)).toMatchObject({ outcome: 'promoted', exitCode: 0 });
    const [main = ''] = Object.keys((await account.state()).vms).filter((vm) => vm !== account.vm);
    expect(await look(main)).toMatchObject({ index: true });
    const client = new Client(`postgres://postgres@127.0.0.1:${port}/shop`);
    await client.connect();
    expect((await client.query("SELECT to_regclass('by_name') IS NOT NULL AS there")).rows).toEqual([{ there: true }]);
    await client.end();
    await account.vers('delete', '-y', main);
  });

  it('is refused before anything is done where no tunnel of this machine leads to main', async () => {
    const { account, look, run } = await begin();
    const result = await run({ unshared: true });
    expect(JSON.stringify(result)).toContain('No tunnel of this machine');
    expect(await look(account.vm)).toEqual({ users: ['Ada'], index: false, history: [] });
    expect(Object.keys((await account.state()).vms)).toEqual([account.vm]);
  });

  it('never loses a write: main that was written meanwhile is rehearsed again, and one that is never quiet is left alone', async () => {
    const { account, run, look, traffic } = await begin();
    const stop = new AbortController();
    const acknowledged: string[] = [];
    const application = (async () => {
      for (let n = 1; !stop.signal.aborted; n += 1) {
        await account.query(`INSERT INTO users VALUES ('row ${n}')`, 'shop').then(
          () => acknowledged.push(`row ${n}`),
          // Held off for the moment in which it is looked whether main was written.
          () => {},
        );
      }
    })();
    const result = await run();
    stop.abort();
    await application;
    expect(result, JSON.stringify(result)).toMatchObject({ outcome: 'rolled-back', exitCode: 3 });
    expect(await traffic.moved()).toEqual([]);
    expect(await look(account.vm)).toEqual({ users: ['Ada', ...acknowledged], index: false, history: [] });
    expect(Object.keys((await account.state()).vms)).toEqual([account.vm]);

    expect(await run()).toMatchObject({ outcome: 'promoted' });
    expect(await look(await traffic.vm())).toEqual({
      users: ['Ada', ...acknowledged],
      index: true,
      history: ['001_index'],
    });
  });

  it.each([
    ['fails', 'exit 3', 'ended with 3'],
    ['moves nothing', 'exit 0', "main's address still leads to VM"],
    ['never ends', 'sleep 60', 'did not end within 1 s'],
  ])('says that a person is needed where the command %s, and hands over with the next run', async (_, script, why) => {
    const { account, traffic, run, look, deployer } = await begin();
    await traffic.behave(script);
    const result = await run({ handOverLimitSeconds: 1 });
    expect(result, JSON.stringify(result)).toMatchObject({ exitCode: 4, error: { code: 'NEEDS_PERSON' } });
    expect(result.error?.message).toContain(why);
    expect(await look(account.vm)).toContain('not currently accepting connections');
    await traffic.behave('');
    const next = await run();
    const main = await traffic.vm();
    expect(main).not.toBe(account.vm);
    expect(next.error).toMatchObject({ code: 'CONFIG', message: expect.stringContaining(`main is VM ${main}`) });
    expect(await up(await deployer({ vm: main }), { safe: true })).toMatchObject({ outcome: 'nothing-pending' });
    expect(await look(main)).toEqual({ users: ['Ada'], index: true, history: ['001_index'] });
  });

  it('goes on with the next run where the deployer is killed while the traffic is moved', async () => {
    const { account, traffic, root, run, look, deployer } = await begin();
    const options = JSON.stringify({ vm: account.vm, cli: versProgram, handOver: traffic.command });
    const dist = join(import.meta.dirname, '../../dist/src');
    const config = `import { vers } from '${dist}/providers/vers.js';\nexport default { provider: vers(${options}) };\n`;
    await writeFile(join(root, 'forerun.config.mjs'), config);
    await traffic.behave('sleep 1');
    const database = `postgres://postgres@127.0.0.1:${traffic.port}/shop`;
    const running = startForerun(['up', '--safe', '--database', database], { cwd: root, env: account.env });
    const state = "SELECT state->>'state' AS state FROM forerun.vers_main";
    await until(async () =>
      account.query(state).then(
        ([row]) => row?.['state'] === 'superseded',
        () => false,
      ),
    );
    const pids = [...(await childrenOf(running.pid)), running.pid];
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    await running.ended;
    const next = await run();
    const main = await traffic.vm();
    expect(next.error).toMatchObject({ code: 'CONFIG', message: expect.stringContaining(`main is VM ${main}`) });
    const setup = await deployer({ vm: main, handOver: traffic.command });
    const last = await up(setup, { safe: true });
    expect(last, JSON.stringify(last)).toMatchObject({ outcome: 'nothing-pending' });
    expect(JSON.stringify(last.findings)).toContain('leftovers are gone');
    expect(await look(main)).toEqual({ users: ['Ada'], index: true, history: ['001_index'] });
    expect(Object.keys((await account.state()).vms).sort()).toEqual([account.vm, main].sort());
    expect((await checkpoints(setup)).length).toBe(1);
  });

  it('is not made with a command that only a shell understands', () => {
    const vm = '00000000-0000-4000-8000-000000000000';
    expect(() => vers({ vm, handOver: './move.sh && echo done' })).toThrow('without a shell');
    expect(() => vers({ vm, handOver: './move.sh', unshared: true })).toThrow('exclude each other');
  });

  it('is refused for a file, which stays in its VM', async () => {
    const provider = vers({ vm: '00000000-0000-4000-8000-000000000000', unshared: true });
    const file = { url: 'vers:00000000-0000-4000-8000-000000000000:/srv/app.db', variable: '' };
    const refused = expect.objectContaining({ code: 'CONFIG', message: expect.stringContaining('stays in') as string });
    await expect(provider.driver?.('vers:/srv/app.db', '.')).rejects.toEqual(refused);
    await expect(provider.list(file)).rejects.toEqual(refused);
  });
});

async function look(account: VersAccount, vm: string): Promise<unknown> {
  const client = new Client({
    host: join(account.root, 'vms', vm, 'run'),
    port: 5432,
    user: 'postgres',
    database: 'shop',
  });
  try {
    await client.connect();
    const column = async (sql: string): Promise<unknown[]> =>
      (await client.query<{ x: unknown }>(sql)).rows.map(({ x }) => x);
    const [there] = await column("SELECT to_regclass('_schema_history') IS NOT NULL AS x");
    return {
      users: await column('SELECT name AS x FROM users ORDER BY ctid'),
      index: (await column("SELECT to_regclass('by_name') IS NOT NULL AS x"))[0],
      history: there === true ? await column('SELECT name AS x FROM _schema_history') : [],
    };
  } catch (error) {
    return String(error);
  } finally {
    await client.end().catch(() => {});
  }
}
