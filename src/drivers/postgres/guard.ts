import { statSync } from 'node:fs';
import { Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Guarding } from '../../seams/driver.ts';
import type { Place } from './place.ts';

/**
 * Makes this process refuse to begin a session in main, whichever client asks for one: the packet that begins a session
 * names the database, and is looked at before it is sent, also where it goes through TLS. What it cannot refuse is noticed
 * on main afterwards: a client that is no JavaScript, a program that is none of Node, a way to the server that nobody
 * can tell from one to another server (a pooler, a tunnel).
 */
export function guard({ main, branch }: Guarded, explanation: string): Guarding {
  const files = new WeakMap<Socket, string>();
  const open = new Set<Socket>();
  const isMain = (socket: Socket, packet: unknown): boolean => {
    if (databaseIn(packet) !== main.database) return false;
    const file = files.get(socket);
    if (file === undefined) return isServer(main, socket.remoteAddress, socket.remotePort);
    return !isFile(branch, file) && (isFile(main, file) || isSocketOf(main, file));
  };
  const { connect, _write, _writev } = Socket.prototype;
  const guarded = (
    socket: Socket,
    packets: readonly unknown[],
    send: () => void,
    callback: (error: Error) => void,
  ): void => {
    const databases = packets.map(databaseIn);
    if (databases.includes(branch.database)) {
      open.add(socket);
      socket.once('close', () => open.delete(socket));
    }
    if (!databases.includes(main.database)) send();
    else if (socket.connecting) socket.once('connect', () => guarded(socket, packets, send, callback));
    else if (!packets.some((packet) => isMain(socket, packet))) send();
    else callback(Object.assign(new Error(explanation), { code: 'FORERUN_MAIN_REFUSED' }));
  };
  Object.assign(Socket.prototype, {
    connect(this: Socket, ...args: unknown[]): unknown {
      const file = fileIn(args);
      if (file === undefined) files.delete(this);
      else files.set(this, file);
      return Reflect.apply(connect, this, args);
    },
    _write(this: Socket, ...args: Parameters<typeof _write>): void {
      guarded(this, [args[0]], () => Reflect.apply(_write, this, args), args[2]);
    },
    _writev(this: Socket, ...args: Parameters<NonNullable<typeof _writev>>): void {
      const packets = args[0].map(({ chunk }) => chunk as unknown);
      guarded(this, packets, () => _writev && Reflect.apply(_writev, this, args), args[1]);
    },
  });
  return {
    async staysOpen() {
      const start = performance.now();
      while (open.size > 0 && performance.now() - start < closingMs) await sleep(5);
      return open.size > 0;
    },
  };
}

/** A pool says that it has ended a moment before it has. */
const closingMs = 200;

/** The database that is not to be opened, and the one that is. */
export interface Guarded {
  readonly main: Place;
  readonly branch: Place;
}

/** The database that is asked for by a packet that begins a session; undefined for any other packet. */
function databaseIn(packet: unknown): string | undefined {
  if (!(packet instanceof Uint8Array) || packet.length < 9) return undefined;
  const bytes = Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength);
  const length = bytes.readInt32BE(0);
  // Version 3 of the protocol; all other packets begin with a letter, which makes a length of it that they do not have.
  if (length > bytes.length || length < 9 || bytes.readInt16BE(4) !== 3) return undefined;
  const words = bytes.toString('utf8', 8, length).split('\0');
  const params = new Map(words.flatMap((word, at) => (at % 2 === 0 ? [[word, words[at + 1] ?? ''] as const] : [])));
  return params.get('database') ?? params.get('user');
}

/** `connect(path)`, `connect({ path })`, and the list that Node itself makes of either. */
function fileIn([first]: readonly unknown[]): string | undefined {
  const given: unknown = Array.isArray(first) ? first[0] : first;
  if (typeof given === 'string') return /^\d+$/.test(given) ? undefined : given;
  if (typeof given !== 'object' || given === null || !('path' in given)) return undefined;
  return typeof given.path === 'string' ? given.path : undefined;
}

function isServer({ port, file, addresses }: Place, address: string | undefined, at: number | undefined): boolean {
  if (address === undefined || at !== port) return false;
  const bare = address.replace(/^::ffff:/, '');
  return addresses.includes(bare) || ((file !== undefined || addresses.some(isLocal)) && isLocal(bare));
}

function isFile({ file }: Place, other: string): boolean {
  if (file === undefined) return false;
  try {
    const [one, two] = [statSync(file, { bigint: true }), statSync(other, { bigint: true })];
    return one.dev === two.dev && one.ino === two.ino;
  } catch {
    return file === other;
  }
}

/** The socket of a server on this machine that is known by its port. */
function isSocketOf({ port, file, addresses }: Place, other: string): boolean {
  return file === undefined && addresses.some(isLocal) && basename(other) === `.s.PGSQL.${port}`;
}

function isLocal(address: string): boolean {
  if (address === '::1' || address.startsWith('127.')) return true;
  return Object.values(networkInterfaces()).some((all = []) => all.some((one) => one.address === address));
}
