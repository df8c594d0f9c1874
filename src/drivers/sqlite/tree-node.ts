/** An inner page of the tree of a table that has rowids. */
export interface TreeNode {
  readonly children: number;
  child(at: number): number;
  /** The highest rowid that may stand under a child; undefined for the last, where the node's own highest is meant. */
  highest(at: number): bigint | undefined;
}

/** Undefined for a leaf; throws for what is no page of such a tree. */
export function treeNode(page: Buffer): TreeNode | undefined {
  const kind = page.readUInt8(0);
  if (kind === leaf) return undefined;
  if (kind !== inner) throw new NoTree();
  const cells = page.readUInt16BE(3);
  const placeOf = (at: number): number => page.readUInt16BE(headerBytes + at * 2);
  return {
    children: cells + 1,
    child: (at) => page.readUInt32BE(at === cells ? lastChildAt : placeOf(at)),
    highest: (at) => (at === cells ? undefined : varint(page, placeOf(at) + 4)),
  };
}

/** A page that is not what the file format says. */
export class NoTree extends Error {}

const leaf = 13;
const inner = 5;
const headerBytes = 12;
const lastChildAt = 8;

/** Seven bits in each of up to eight bytes, and all eight of a ninth. */
function varint(bytes: Buffer, start: number): bigint {
  let value = 0n;
  for (let at = 0; at < 8; at += 1) {
    const byte = bytes.readUInt8(start + at);
    value = (value << 7n) | BigInt(byte & 0x7f);
    if (byte < 0x80) return value;
  }
  return BigInt.asIntN(64, (value << 8n) | BigInt(bytes.readUInt8(start + 8)));
}
