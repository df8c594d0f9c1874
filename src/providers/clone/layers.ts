import { chmod, chown, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ForerunError } from '../../error.ts';
import { isAlive, thisProcess } from '../../process.ts';
import { canReflink } from '../copy/reflink.ts';
import type { ServerUser } from './user.ts';

export type Way = 'reflink' | 'overlay' | 'copy';

/** How data folders in this folder are copied: by shared blocks, by a layer over them, or byte by byte. */
export async function wayIn(folder: string): Promise<Way> {
  if (await canReflink(folder, folder)) return 'reflink';
  let answer = overlays.get(folder);
  if (answer === undefined) overlays.set(folder, (answer = canOverlay(folder)));
  return (await answer) ? 'overlay' : 'copy';
}

const overlays = new Map<string, Promise<boolean>>();

export interface Filling {
  readonly own: string;
  /** Data folder of the source, at rest. */
  readonly from: string;
  /** What the source lies over, where it is an overlay. */
  readonly layers: readonly string[];
  /** The source's own layer, to be copied; absent where the source is a checkpoint. */
  readonly upper?: string;
  readonly as: ServerUser;
  readonly signal?: AbortSignal | undefined;
}

/** Makes `<own>/data` a folder that can be written, with what stands in the source. */
export async function fill(way: Way, filling: Filling): Promise<void> {
  const data = join(filling.own, 'data');
  if (way !== 'overlay') {
    await copyFolder(filling.from, data, way, filling.signal);
    return;
  }
  if (filling.upper === undefined) await ownedFolder(join(filling.own, 'upper'), filling.as);
  else await copyFolder(filling.upper, join(filling.own, 'upper'), 'copy', filling.signal);
  await mountLayers(filling.own, filling.layers, filling.as);
}

export async function mountLayers(own: string, layers: readonly string[], as: ServerUser): Promise<void> {
  await ownedFolder(join(own, 'data'), as);
  // Whatever a mount before this one left there is of no use to another.
  await rm(join(own, 'work'), { recursive: true, force: true });
  await ownedFolder(join(own, 'work'), as);
  const folders = [
    `lowerdir=${layers.map(escaped).join(':')}`,
    `upperdir=${escaped(join(own, 'upper'))}`,
    `workdir=${escaped(join(own, 'work'))}`,
  ];
  const { execa } = await import('execa');
  const args = ['-t', 'overlay', 'overlay', '-o', folders.join(','), join(own, 'data')];
  const { failed, stderr } = await execa('mount', args, { reject: false });
  if (failed) throw new Error(stderr);
}

/** Safe to repeat. */
export async function unmount(data: string): Promise<void> {
  const { execa } = await import('execa');
  if (!(await isMounted(data))) return;
  // A process that has ended may close its files some moments later.
  for (let tries = 50; ; tries--) {
    const { failed, stderr } = await execa('umount', [data], { reject: false });
    if (!failed) return;
    if (tries === 0) throw new Error(stderr);
    await sleep(20);
  }
}

export async function isMounted(data: string): Promise<boolean> {
  const { execa } = await import('execa');
  return !(await execa('mountpoint', ['-q', data], { reject: false })).failed;
}

/** With owners, times and attributes; by the program, which knows more of file systems than Node does. */
export async function copyFolder(
  from: string,
  to: string,
  way: 'reflink' | 'copy',
  signal?: AbortSignal,
): Promise<void> {
  const { execa } = await import('execa');
  const linux = ['-a', way === 'reflink' ? '--reflink=always' : '--reflink=auto', from, to];
  const mac = [way === 'reflink' ? '-cpR' : '-pR', from, to];
  const { failed, stderr } = await execa('cp', process.platform === 'darwin' ? mac : linux, {
    reject: false,
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  if (!failed) return;
  signal?.throwIfAborted();
  throw new ForerunError('PROVIDER_FAILED', `Copying ${from} failed: ${stderr.split('\n')[0] ?? ''}`, {
    details: {},
    next: 'Free some space there, or discard copies that are not needed any more (`forerun branches`).',
  });
}

/** For the servers' user alone. */
export async function ownedFolder(folder: string, { uid, gid }: ServerUser): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  if (uid !== undefined) await chown(folder, uid, gid ?? uid);
}

/** Tries it. Only root may, and a container's root often may not. */
async function canOverlay(folder: string): Promise<boolean> {
  if (process.platform !== 'linux' || process.geteuid?.() !== 0) return false;
  await removeOldProbes(folder);
  const probe = join(folder, `probe-overlay-${process.pid}`);
  try {
    await mkdir(join(probe, 'lower'), { recursive: true });
    await mkdir(join(probe, 'upper'));
    await mountLayers(probe, [join(probe, 'lower')], {});
    await unmount(join(probe, 'data'));
    return true;
  } catch {
    return false;
  } finally {
    await rm(probe, { recursive: true, force: true });
  }
}

/** A killed process may have left some, mounted. */
async function removeOldProbes(folder: string): Promise<void> {
  const { host } = thisProcess();
  for (const name of await readdir(folder)) {
    const pid = /^probe-overlay-(\d+)$/.exec(name)?.[1];
    if (pid === undefined || isAlive({ pid: Number(pid), host })) continue;
    await unmount(join(folder, name, 'data'));
    await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** Colons part layers and commas options. */
function escaped(path: string): string {
  return path.replaceAll(/[\\:,]/g, String.raw`\$&`);
}
