// Part of a stand-in for Vers, for tests alone: `vers exec`, which really runs in the machine's folder.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { faultsFor, isUuid, logCall, readState } from './account.mjs';
import { readAliases } from './aliases.mjs';
import { Failure } from './failure.mjs';
import { parse } from './flags.mjs';
import { environmentIn, folderOf, isUp } from './machines.mjs';

export async function execute(at, args) {
  const known = { 'timeout|t': 'text', 'workdir|w': 'text', 'interactive|i': 'flag', ssh: 'flag' };
  // Flags come before the machine: what is behind it is the command's.
  const { flags, given } = parse(args, at, known, Infinity, false);
  const named = given.length > 1 && (isUuid(given[0]) || Object.hasOwn(readAliases(), given[0]));
  const head = named ? undefined : headHere();
  const vm = head ?? given[0];
  const command = named ? given.slice(1) : given;
  logCall(at.root, 'exec', vm);
  const fault = await faultsFor(at.root, 'exec');
  if (fault.status !== undefined) throw new Failure(`exec: API error ${fault.status}: the stand-in was told to fail`);
  // The alias is put into the address as it is.
  if (!isUuid(vm)) throw new Failure(`exec: API error 400: Invalid URL: Cannot parse vm_id with value ${vm}`);
  const machine = readState(at.root).vms[vm];
  if (machine === undefined) throw new Failure('exec: API error 404: vm not found');
  const folder = folderOf(at.root, 'vms', vm);
  while (readState(at.root).vms[vm]?.state === 'paused') await sleep(20);
  while (!isUp(folder)) await sleep(20);
  // All of the input is read first, and sent along.
  const input = flags.interactive ? await buffer(process.stdin) : Buffer.alloc(0);
  if (fault.lostBefore) process.exit(0);
  const child = spawn('bash', ['-c', command.map(quoted).join(' ')], {
    cwd: flags.workdir ?? folder,
    env: environmentIn(folder),
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  // A command need not read it.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  if (fault.cutAfterMs !== undefined) {
    // The stream ends without saying how the command did, which goes on: that is taken for success.
    await new Promise((resolve) => void setTimeout(resolve, fault.cutAfterMs));
    process.exit(0);
  }
  child.stdout.pipe(process.stdout);
  child.stderr.pipe(process.stderr);
  // No limit (0) is 30 s all the same.
  const seconds = Number(flags.timeout ?? 0) || 30;
  const limit = setTimeout(() => {
    process.stderr.write('Error: exec: context deadline exceeded\n');
    process.exit(6);
  }, seconds * 1000);
  const code = await new Promise((resolve) => void child.once('close', (exit) => resolve(exit ?? 137)));
  clearTimeout(limit);
  if (head !== undefined) process.stdout.write(`Using current HEAD VM: ${head}\n`);
  if (code !== 0) throw new Failure(`command exited with code ${code}`, { code });
}

function headHere() {
  if (!existsSync('.vers/HEAD')) throw new Failure('no HEAD: not found, run vers checkout first');
  return readFileSync('.vers/HEAD', 'utf8').trim();
}

function quoted(word) {
  return `'${word.replaceAll("'", `'"'"'`)}'`;
}
