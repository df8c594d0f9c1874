import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { homeOf } from '../../src/drivers/sqlite/home.ts';
import { pathIn, sqliteWorld } from './fixtures/sqlite-bench.ts';

const rival = join(import.meta.dirname, 'fixtures/move-money.mjs');
const accounts = 20_000;

it.each(['wal', 'delete'] as const)(
  'copies a %s database that was at rest as one state, while another process begins to write it',
  async (journalMode) => {
    await using bench = await sqliteWorld({ journalMode, lockWaitMs: 5000 });
    const main = await bench.makeMain();
    await main.write(
      `CREATE TABLE accounts (id INTEGER PRIMARY KEY, money INTEGER, filling);
       WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ${accounts})
       INSERT INTO accounts SELECT i, 100, zeroblob(3000) FROM n`,
    );
    await main.close();
    const path = pathIn(main.target);
    const other = spawn(process.execPath, [rival, path, join(homeOf(path), 'copies'), String(accounts)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(other.stdout, 'data');
    await using checkpoint = await bench.provider.checkpoint(main.target, { label: 'base' });
    other.kill();
    const copy = new Database(pathIn(checkpoint.target), { readonly: true });
    expect(checkpoint.way).toBe('copy');
    expect(copy.pragma('quick_check', { simple: true })).toBe('ok');
    expect(copy.prepare('SELECT sum(money), count(*) FROM accounts').raw().get()).toEqual([100 * accounts, accounts]);
    copy.close();
  },
);
