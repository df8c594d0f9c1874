// Part of a stand-in for Vers, for tests alone: holds open in a machine what the memory that it was made from had open.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { Client } from 'pg';
import { pidFiles } from './machines.mjs';

// One process plays the programs of a machine, and one those of Forerun, which are known by the word on the command line.
const [folder, whose] = process.argv.slice(2);
const [sessions, files] = ['sessions.json', 'files.json'].map((name) =>
  JSON.parse(readFileSync(join(folder, name), 'utf8')),
);

if (whose === 'programs' && sessions.length > 0) while (!isReady()) await sleep(10);
if (whose === 'programs') await Promise.allSettled(sessions.map(open));
for (const { path, writing } of files.filter((file) => file.whose === whose))
  new Database(join(folder, path)).exec(writing ? 'BEGIN IMMEDIATE' : 'SELECT count(*) FROM sqlite_schema');
writeFileSync(join(folder, pidFiles[whose]), String(process.pid));
setInterval(() => {}, 1e6);

async function open({ database, user, name, inside, relations, advisory }) {
  const client = new Client({ host: join(folder, 'run'), port: 5432, user, database, application_name: name });
  client.on('error', () => {});
  await client.connect();
  for (const [first, second, kind] of advisory) {
    const key = kind === 2 ? `${first}, ${second}` : String((BigInt(first) << 32n) | BigInt(second));
    await client.query(`SELECT pg_advisory_lock(${kind === 2 ? key : `${BigInt.asIntN(64, BigInt(key))}`})`);
  }
  if (!inside) return;
  await client.query('BEGIN');
  for (const { oid, mode } of relations) {
    const { rows } = await client.query(
      "SELECT oid::regclass::text AS name FROM pg_class WHERE oid = $1 AND relkind IN ('r', 'p')",
      [oid],
    );
    const words = mode
      .replace(/Lock$/, '')
      .replace(/(?<=[a-z])(?=[A-Z])/g, ' ')
      .toUpperCase();
    if (rows[0] !== undefined) await client.query(`LOCK TABLE ${rows[0].name} IN ${words} MODE NOWAIT`);
  }
}

function isReady() {
  if (!existsSync(folder)) process.exit(1);
  try {
    return readFileSync(join(folder, 'data/postmaster.pid'), 'utf8').split('\n')[7]?.trim() === 'ready';
  } catch {
    return false;
  }
}
