import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageVersion } from '../../package-version.ts';
import { openInbox, type Inbox } from './inbox.ts';
import { makeHeld } from './held.ts';
import { makePeer, type Peer } from './peer.ts';
import { protocol, type Hello } from './protocol.ts';
import { serveCopies } from './serve-copies.ts';
import { serveDriver } from './serve-driver.ts';
import { serveFiles } from './serve-files.ts';
import { endSilent } from './siblings.ts';

/**
 * The program inside the VM: the driver for SQLite, for whoever delivers messages into a folder of its own. It ends when
 * it is told to, and when nobody has said anything for a while; what was not committed by then is rolled back.
 */
export function runAgent(folder: string): void {
  const end = (): void => {
    // A delivery that comes at this moment may put a file beside those that are being removed.
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    process.exit(0);
  };
  process.once('SIGTERM', end);
  writeFileSync(join(folder, 'pid'), `${process.pid}\n`);
  const held = makeHeld();
  const methods = {
    ...serveDriver(() => peer, held),
    ...serveCopies(folder, held),
    ...serveFiles(folder),
    bye: end,
  };
  const peer: Peer = makePeer(methods, (message) => inbox.send(message));
  const inbox: Inbox = openInbox(folder, (messages) => peer.receive(messages), end);
  const hello: Hello = { protocol, version: packageVersion(), pid: process.pid };
  writeFileSync(join(folder, '.ready'), JSON.stringify(hello));
  renameSync(join(folder, '.ready'), join(folder, 'ready'));
  endSilent(folder);
}
