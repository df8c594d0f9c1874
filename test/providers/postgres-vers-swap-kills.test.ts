import { join } from 'node:path';
import { execa } from 'execa';
import { Client } from 'pg';
import { expect, it } from 'vitest';
import { vers } from '../../src/providers/vers.ts';
import { startVers, versProgram, type VersAccount } from '../support/vers.ts';
import { startTraffic } from './fixtures/vers-traffic.ts';

const victim = join(import.meta.dirname, 'fixtures/vers-swap-victim.mjs');

// Against a stand-in for Vers, never against Vers itself.
it(
  'a process that is killed at any step of a swap leaves one main that can be written, or none until the next run, and no write is lost',
  { timeout: 600_000 },
  async () => {
    const steps = Number(await killedAt(0));
    expect(steps).toBeGreaterThan(8);
    const ways: string[] = [];
    for (let step = 1; step <= steps; step += 1) ways.push(await killedAt(step));
    // Killed early, the old one is main; killed late, the new one is.
    expect(new Set(ways)).toEqual(new Set(['old', 'new']));
    expect(ways.lastIndexOf('old')).toBeLessThan(ways.indexOf('new'));
    console.log(`${steps} kills: ${ways.join(' ')}`);
  },
);

/** Answers which VM is main in the end, or how many steps there are. */
async function killedAt(step: number): Promise<string> {
  await using account = await startVers('newest');
  Object.assign(process.env, account.env);
  await using traffic = await startTraffic(account);
  await traffic.behave('sleep 0.2');
  await account.createDatabase('shop');
  await account.query("CREATE TABLE users (name text); INSERT INTO users VALUES ('before')", 'shop');
  const url = `postgres://postgres@127.0.0.1:${traffic.port}/shop`;
  const target = { url, variable: url };
  const options = { vm: account.vm, cli: versProgram, handOver: traffic.command, readyLimitSeconds: 20 };
  const died = await execa(process.execPath, [victim, JSON.stringify({ options, target, step })], { reject: false });
  if (step === 0) return died.stdout;
  const at = `step ${step}`;
  expect(died.signal, `${at}: ${died.stderr}`).toBe('SIGKILL');
  await expectOneMain(account, at);
  const written = ['before'];
  if (await write(url, 'after the kill')) written.push('after the kill');

  const main = target;
  const provider = vers(options);
  const refused: unknown = await provider.awaken?.(main).then(
    () => undefined,
    (error: unknown) => error,
  );
  await expectOneMain(account, at);
  expect(await write(url, 'after the recovery'), at).toBe(true);
  const now = await traffic.vm();
  expect(await names(url), at).toEqual([...written, 'after the recovery']);
  if (refused === undefined) {
    expect(now, at).toBe(account.vm);
    for (const copy of (await provider.list(main)).toReversed()) await provider.discard(copy);
    expect(Object.keys((await account.state()).vms), at).toEqual([account.vm]);
    return 'old';
  }
  expect(refused, at).toMatchObject({ code: 'CONFIG', message: expect.stringContaining(`main is VM ${now}`) });
  expect(now, at).not.toBe(account.vm);
  return 'new';
}

/** While the old one can be written, nothing says that it was superseded. */
async function expectOneMain(account: VersAccount, at: string): Promise<void> {
  const [open] = await account.query("SELECT datallowconn AS yes FROM pg_database WHERE datname = 'shop'");
  const [row] = await account
    .query("SELECT state->>'state' AS state FROM forerun.vers_main")
    // Nothing was written yet.
    .catch((): Record<string, unknown>[] => []);
  if (open?.['yes'] === true) expect(row?.['state'], at).not.toBe('superseded');
}

async function write(url: string, name: string): Promise<boolean> {
  const client = new Client(url);
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('INSERT INTO users VALUES ($1)', [name]);
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

async function names(url: string): Promise<string[]> {
  const client = new Client(url);
  await client.connect();
  const { rows } = await client.query<{ name: string }>('SELECT name FROM users ORDER BY ctid');
  await client.end();
  return rows.map(({ name }) => name);
}
