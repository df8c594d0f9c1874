import { fstatSync, readdirSync, statSync, type BigIntStats } from 'node:fs';

/**
 * The descriptor by which SQLite opens a file in `open`, to read the file's pages; undefined where that cannot be told. To
 * open and close one of our own would drop the locks that SQLite holds on the file in this process. It is good for as long
 * as that connection is open.
 */
export function descriptorOpenedBy(path: string, open: () => void): number | undefined {
  const before = descriptorsOf(path);
  open();
  const added = descriptorsOf(path).filter((descriptor) => !before.includes(descriptor));
  return added.length === 1 ? added[0] : undefined;
}

function descriptorsOf(path: string): readonly number[] {
  const file = statSync(path, { bigint: true });
  return open().filter((descriptor) => isOf(descriptor, file));
}

/** Linux and macOS have this folder. */
function open(): readonly number[] {
  try {
    return readdirSync('/dev/fd').map(Number);
  } catch {
    return [];
  }
}

function isOf(descriptor: number, { dev, ino }: BigIntStats): boolean {
  try {
    const found = fstatSync(descriptor, { bigint: true });
    return found.dev === dev && found.ino === ino;
  } catch {
    // The one by which the folder was read is closed again.
    return false;
  }
}
