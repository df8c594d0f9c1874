import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test, vi } from 'vitest';
import { resolveConfig } from '../../src/config.ts';
import { vers, type VersOptions } from '../../src/providers/vers.ts';
import type { Setup } from '../../src/setup.ts';
import { branch } from '../../src/verbs/copies.ts';
import { startVers, versProgram, type VersAccount } from '../support/vers.ts';

// Against a stand-in for Vers, never against Vers itself.
async function begin(options: Partial<VersOptions>): Promise<{ readonly account: VersAccount; readonly setup: Setup }> {
  const account = await startVers('newest', 'files');
  onTestFinished(() => account[Symbol.asyncDispose]());
  for (const [name, value] of Object.entries(account.env)) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
  const root = await mkdtemp(join(tmpdir(), 'forerun-vers-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const database = new Database(join(account.home(), 'app.db'));
  database.exec('CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)');
  database.close();
  const provider = vers({ vm: account.vm, cli: versProgram, ...options });
  const setup = await resolveConfig({ database: 'vers:~/app.db', root, provider });
  onTestFinished(() => setup.driver.rest?.());
  return { account, setup };
}

test('what works on a file in a VM is waited for as long as the provider is told', async () => {
  // It begins only in main's VM.
  const agent = '[ -e ~/copy ] && exec sleep 1000; touch ~/copy; forerun-agent';
  const { account, setup } = await begin({ agent, readyLimitSeconds: 2 });
  await expect(branch(setup, { name: 'mine' })).rejects.toThrow('it did not say within 2 s that it runs');
  expect(Object.keys((await account.state()).vms)).toEqual([account.vm]);
});
