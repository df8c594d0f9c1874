// Part of a stand-in for Vers, for tests alone: `vers tunnel`, which really forwards, to the machine's PostgreSQL.
import { existsSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { faultsFor, logCall, readState } from './account.mjs';
import { resolveAlias } from './aliases.mjs';
import { Failure } from './failure.mjs';
import { parse } from './flags.mjs';
import { folderOf, isUp } from './machines.mjs';

export async function openTunnel(at, args) {
  const { given } = parse(args, at, {}, 2);
  const vm = resolveAlias(given[0]);
  const [local, ...remote] = given[1].split(':');
  if (readState(at.root).vms[vm] === undefined) throw new Failure('tunnel: API error 404: vm not found');
  logCall(at.root, 'tunnel', vm);
  const fault = await faultsFor(at.root, 'tunnel');
  process.stdout.write('Fetching SSH key from API...\n✓ SSH key cached\n');
  if (fault.fails) throw new Failure('tunnel: ssh: handshake failed');
  const port = Number(remote.at(-1));
  const socket = join(folderOf(at.root, 'vms', vm), 'run', `.s.PGSQL.${port}`);
  const server = createServer((from) => {
    // Its memory has all sessions that were open from the first moment on.
    if (!isUp(folderOf(at.root, 'vms', vm))) return from.destroy();
    const to = connect(socket);
    const end = () => {
      from.destroy();
      to.destroy();
    };
    from.once('error', end).once('close', end).pipe(to);
    to.once('error', end).once('close', end).pipe(from);
  });
  server.once('error', () => {
    process.stderr.write(`Error: tunnel: listen tcp 127.0.0.1:${local}: bind: address already in use\n`);
    process.exit(1);
  });
  await new Promise((resolve) => void server.listen(Number(local), '127.0.0.1', resolve));
  process.stdout.write(`Forwarding 127.0.0.1:${server.address().port} → localhost:${port} on VM ${vm}\n`);
  if (fault.dieAfterMs !== undefined) setTimeout(() => process.exit(1), fault.dieAfterMs);
  // The connection to a machine that is no more breaks.
  setInterval(() => {
    if (!existsSync(folderOf(at.root, 'vms', vm))) process.exit(1);
  }, 200);
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0));
  await new Promise(() => {});
}
