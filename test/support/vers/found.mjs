// Part of a stand-in for Vers, for tests alone: makes an account with one machine. Arguments: its folder, a data folder
// to copy (or none: then it is a machine for files, with Forerun installed), whom it shall belong to, and which command line is played. Prints the machine's id.
import { appendFileSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { newMachine } from './account.mjs';
import { boot, folderOf, isUp } from './machines.mjs';

const [root, data, uid, gid, grammar] = process.argv.slice(2);
const machine = newMachine({ state: 'running' });
for (const name of ['vms', 'commits', 'home']) mkdirSync(join(root, name));
writeFileSync(join(root, 'state.json'), JSON.stringify({ vms: { [machine.vm_id]: machine }, commits: {}, tags: {} }));
writeFileSync(join(root, 'grammar'), grammar);
writeFileSync(join(root, 'calls'), '');
const folder = folderOf(root, 'vms', machine.vm_id);
mkdirSync(folder);
if (data === '') installAgent();
else await foundServer();
process.stdout.write(machine.vm_id);

/** What `npm install -g forerun` does in a machine. */
function installAgent() {
  mkdirSync(join(folder, 'bin'));
  symlinkSync(join(import.meta.dirname, '../../../bin/forerun-agent.js'), join(folder, 'bin/forerun-agent'));
}

async function foundServer() {
  execFileSync('cp', ['-a', data, join(folder, 'data')]);
  // Its memory lies in its folder, and goes with it although a machine's server is killed, never stopped.
  // What is committed is in the files, so that a copy of them is what the machine was, after a recovery.
  appendFileSync(
    join(folder, 'data/postgresql.conf'),
    `
fsync = off
full_page_writes = off
shared_buffers = 16MB
max_connections = 40
autovacuum = off
max_wal_size = 64MB
dynamic_shared_memory_type = mmap
`,
  );
  chownSync(folder, Number(uid), Number(gid));
  boot(folder);
  while (!isUp(folder)) await sleep(10);
}
