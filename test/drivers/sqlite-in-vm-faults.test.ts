import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { sqliteInVm } from '../../src/drivers/sqlite-in-vm.ts';
import { targetAt } from '../../src/drivers/sqlite-in-vm/address.ts';
import { makeAgents, type Agents } from '../../src/drivers/sqlite-in-vm/agents.ts';
import type { RunIn } from '../../src/drivers/sqlite-in-vm/exec.ts';
import { makeVers } from '../../src/providers/vers/client.ts';
import { runIn } from '../../src/providers/vers/exec.ts';
import { agentsIn } from '../../src/providers/vers/files.ts';
import type { Driver } from '../../src/seams/driver.ts';
import type { Target } from '../../src/seams/target.ts';
import { failure, recorded } from '../contracts/driver/world.ts';
import { startVers, versProgram, type Fault, type VersAccount } from '../support/vers.ts';

// Against a stand-in for Vers, never against Vers itself.
describe('a file in a VM', { timeout: 120_000 }, () => {
  let account: VersAccount;
  let main: Target;
  let file = '';
  let count = 0;
  beforeAll(async () => {
    account = await startVers('newest', 'files');
    for (const [name, value] of Object.entries(account.env)) vi.stubEnv(name, value);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await account?.[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    const name = `notes ${(count += 1)}.db`;
    [file, main] = [join(account.home(), name), targetAt({ vm: account.vm, path: `~/${name}` })];
    beside('CREATE TABLE notes (id INTEGER PRIMARY KEY, body)');
  });

  const beside = (sql: string): void => {
    const database = new Database(file, { timeout: 0 });
    database.exec(sql);
    database.close();
  };
  const bodies = (): unknown[] => {
    const database = new Database(file);
    const found = database.prepare('SELECT body FROM notes ORDER BY id').pluck().all();
    database.close();
    return found;
  };
  const newDriver = (agent = 'forerun-agent'): { readonly driver: Driver; readonly agents: Agents } => {
    const client = makeVers({ cli: versProgram, limitMs: 60_000 });
    const agents = agentsIn(client, { agent, readyLimitMs: 60_000 });
    onTestFinished(() => agents.endAll());
    return { agents, driver: sqliteInVm({ agents, vm: account.vm, root: account.root }) };
  };
  const agentsRunning = (): number[] => {
    const folder = join(account.home(), '.forerun-agents');
    const files = readdirSync(folder).map((name) => join(folder, name, 'pid'));
    // One that is just ending has no number any more.
    return files.filter((file) => existsSync(file)).map((file) => Number(readFileSync(file, 'utf8')));
  };

  test.each<[string, Omit<Fault, 'on'>]>([
    ['its delivery is lost', { lostBefore: true }],
    ['its delivery is cut off', { cutAfterMs: 0 }],
    ['its answer is lost', { cutAfterMs: 2000 }],
    ['the service fails', { status: 502 }],
  ])('is written once where %s, again and again', async (_, fault) => {
    const { driver } = newDriver();
    await using connection = await driver.open(main);
    await account.fault({ on: 'exec', times: 2, ...fault });
    await connection.query("INSERT INTO notes (body) VALUES ('one')");
    await account.fault({ on: 'exec', times: 2, ...fault });
    await driver.transaction(main, recorded(), async (session) => {
      await account.fault({ on: 'exec', times: 2, ...fault });
      await session.query("INSERT INTO notes (body) VALUES ('two')");
    });
    expect(bodies()).toEqual(['one', 'two']);
  });

  test('lets new readers in while a transaction of our own waits for those who read already', async () => {
    const { driver } = newDriver();
    const reader = new Database(file);
    const met: string[] = [];
    const attempt = recorded({
      repeatable: true,
      beforeCommit: async () => {
        if (met.push('before commit') === 1) reader.exec('BEGIN; SELECT * FROM notes');
      },
      waiting() {
        beside('SELECT * FROM notes');
        met.push('let in');
        reader.exec('COMMIT');
      },
    });
    await driver.transaction(main, attempt, async (connection) => {
      await connection.query("INSERT INTO notes VALUES (1, 'once')");
    });
    reader.close();
    expect(met).toEqual(['before commit', 'let in', 'before commit']);
    expect(bodies()).toEqual(['once']);
  });

  test('is as it was where its agent is killed in the middle of a transaction, and can be used again', async () => {
    const { driver } = newDriver();
    const writing = driver.transaction(main, recorded(), async (session) => {
      await session.query("INSERT INTO notes (body) VALUES ('lost')");
      for (const pid of agentsRunning()) process.kill(pid, 'SIGKILL');
      await session.query("INSERT INTO notes (body) VALUES ('lost too')");
    });
    const error = await failure(writing);
    expect(error).toMatchObject({ code: 'UNREACHABLE', message: expect.stringContaining('rolled back') as string });
    expect(bodies()).toEqual([]);
    await driver.transaction(main, recorded(), async (session) => {
      await session.query("INSERT INTO notes (body) VALUES ('kept')");
    });
    expect(bodies()).toEqual(['kept']);
  });

  test('is let go by an agent that cannot be spoken to any more, before anything else is done with it', async () => {
    let broken = false;
    const client = makeVers({ cli: versProgram, limitMs: 60_000 });
    const run: RunIn = async (vm, ...what) => (broken ? { code: 1, stdout: '', why: '' } : runIn(client, vm, ...what));
    const agents = makeAgents({ run, agent: 'forerun-agent', readyLimitMs: 60_000 });
    onTestFinished(() => agents.endAll());
    const driver = sqliteInVm({ agents, vm: account.vm, root: account.root });
    const lost = await failure(
      driver.transaction(main, recorded(), async (session) => {
        await session.query("INSERT INTO notes (body) VALUES ('lost')");
        broken = true;
      }),
    );
    expect(lost).toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringContaining('cannot be spoken to') as string,
    });
    expect(() => beside("INSERT INTO notes (body) VALUES ('refused')")).toThrow('locked');
    broken = false;
    await using connection = await driver.open(main);
    expect(await connection.query('SELECT body FROM notes')).toEqual([]);
    beside("INSERT INTO notes (body) VALUES ('kept')");
    expect(bodies()).toEqual(['kept']);
  });

  test('is let go by a run that is dead once the next one says so', async () => {
    const dead = newDriver().driver.forRun?.('dead') as Driver;
    const connection = await dead.open(main);
    await connection.query('BEGIN IMMEDIATE');
    await connection.query("INSERT INTO notes (body) VALUES ('lost')");
    const { driver } = newDriver();
    await driver.endSessions?.(main, 'another');
    await connection.query('SELECT 1');
    await driver.endSessions?.(main, 'dead');
    expect((await failure(connection.query('COMMIT'))).message).toContain('has ended');
    beside("INSERT INTO notes (body) VALUES ('kept')");
    expect(bodies()).toEqual(['kept']);
  });

  test('gives and takes every value as it is', async () => {
    const { driver } = newDriver();
    await using connection = await driver.open(main);
    const values = [2n ** 60n, Buffer.from([0, 255]), null, Infinity, -1.5, 'a\0📦', 7];
    await connection.query('INSERT INTO notes (body) VALUES (?), (?), (?), (?), (?), (?), (?)', values);
    expect((await connection.query('SELECT body FROM notes ORDER BY id')).map(({ body }) => body)).toEqual(values);
    expect(await connection.query(`SELECT 1 AS "$", 2 AS "__proto__"`)).toEqual(
      await driverHere(`SELECT 1 AS "$", 2 AS "__proto__"`),
    );
    expect(() => connection.client).toThrow('functions that want its client');
  });

  test('is not worked on by another version, and what does not start says why', async () => {
    const bin = join(account.home(), 'bin');
    const program = (name: string, text: string): void => {
      writeFileSync(join(bin, name), `#!/bin/bash\n${text}\n`);
      chmodSync(join(bin, name), 0o755);
    };
    program('other', `echo $$ > "$1/pid"; echo '{"protocol":1,"version":"0.0.1","pid":1}' > "$1/ready"; sleep 1`);
    program('broken', 'echo "Error: Cannot find module" >&2; exit 1');
    const opened = (agent: string): Promise<unknown> => newDriver(agent).driver.open(main);
    expect(await failure(opened('other'))).toMatchObject({ message: expect.stringContaining('0.0.1') as string });
    expect(await failure(opened('broken'))).toMatchObject({
      message: expect.stringContaining('Cannot find module') as string,
    });
    expect(await failure(opened('absent'))).toMatchObject({
      next: expect.stringContaining('npm install -g') as string,
    });
  });

  async function driverHere(sql: string): Promise<unknown> {
    const { sqlite } = await import('../../src/drivers/sqlite.ts');
    await using connection = await sqlite().open(sqlite().target(file));
    return await connection.query(sql);
  }
});
