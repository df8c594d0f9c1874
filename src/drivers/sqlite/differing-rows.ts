import type { Pages, PageState } from './pages.ts';
import { NoTree, treeNode, type TreeNode } from './tree-node.ts';

/** Rowids from `first` to `last`, both included. */
export interface RowRange {
  readonly first: bigint;
  readonly last: bigint;
}

export interface Differing {
  /** In order, and apart from each other. Outside of them both states hold the same rows, byte by byte. */
  readonly ranges: readonly RowRange[];
  /** How many pages more the tree has after; undefined where whole branches of it were exchanged. */
  readonly morePages: number | undefined;
}

/**
 * Where the rows of the table whose tree begins at page `root` may differ. Goes down both trees at once: below a page that
 * was not written stands the same as before, as far as the pages there were not written either. Of a page that was
 * written, the children that it had before, each in the same place, are followed; under the others, any row may differ.
 *
 * It says nothing of rows whose pages for what is long were written: see `Pages.plain`.
 */
export function differingRows(pages: Pages, root: number): Differing {
  const found: RowRange[] = [];
  let morePages: number | undefined = 0;
  const levels = levelsOf(pages, 'before', root);
  const visit = ({ page, range }: Child, level: number): void => {
    if (!pages.changed.has(page)) {
      if (level > 0) for (const child of writtenUnder(pages, page, range, level)) visit(child, level - 1);
      return;
    }
    if (level === 0) {
      found.push(range);
      return;
    }
    const [old, now] = (['before', 'after'] as const).map((state) => childrenOf(pages, state, page, range));
    const { kept, others, more } = pairChildren(old ?? [], now ?? []);
    kept.forEach((child) => visit(child, level - 1));
    found.push(...others);
    if (morePages !== undefined) morePages = level === 1 || others.length === 0 ? morePages + more : undefined;
  };
  if (levels === levelsOf(pages, 'after', root)) visit({ page: root, range: all }, levels);
  else return { ranges: [all], morePages: undefined };
  return { ranges: joined(found), morePages };
}

/** Whether a tree, as it stands before, has none of some pages, inner ones included. */
export function hasNone(pages: Pages, root: number, some: ReadonlySet<number>): boolean {
  const isFree = (page: number, level: number): boolean => {
    if (some.has(page)) return false;
    const node = level === 0 ? undefined : treeNode(pages.read('before', page));
    if (node === undefined) return true;
    return Array.from({ length: node.children }, (_, at) => node.child(at)).every((child) => isFree(child, level - 1));
  };
  return isFree(root, levelsOf(pages, 'before', root));
}

interface Child {
  readonly page: number;
  readonly range: RowRange;
}

const all: RowRange = { first: -(2n ** 63n), last: 2n ** 63n - 1n };

/** All leaves are equally deep. */
function levelsOf(pages: Pages, state: PageState, root: number): number {
  let levels = 0;
  for (let node = treeNode(pages.read(state, root)); node !== undefined; levels += 1) {
    if (levels > mostLevels) throw new NoTree();
    node = treeNode(pages.read(state, node.child(0)));
  }
  return levels;
}

/** SQLite itself goes no deeper. */
const mostLevels = 20;

/** The children of a page that was not written, without leaves that were not written either: most are. */
function* writtenUnder(pages: Pages, page: number, range: RowRange, level: number): Iterable<Child> {
  const node = treeNode(pages.read('after', page));
  if (node === undefined) return;
  for (let at = 0; at < node.children; at += 1) {
    if (level > 1 || pages.changed.has(node.child(at))) yield childAt(node, at, range);
  }
}

function childrenOf(pages: Pages, state: PageState, page: number, range: RowRange): readonly Child[] {
  const node = treeNode(pages.read(state, page));
  return node === undefined ? [] : Array.from({ length: node.children }, (_, at) => childAt(node, at, range));
}

function childAt(node: TreeNode, at: number, range: RowRange): Child {
  const below = at === 0 ? undefined : node.highest(at - 1);
  return {
    page: node.child(at),
    range: { first: below === undefined ? range.first : below + 1n, last: node.highest(at) ?? range.last },
  };
}

/** Which children are the same, in the same place, and the ranges of those of either state that are not. */
function pairChildren(
  before: readonly Child[],
  after: readonly Child[],
): { readonly kept: readonly Child[]; readonly others: readonly RowRange[]; readonly more: number } {
  const keyOf = ({ page, range }: Child): string => `${page} ${range.first} ${range.last}`;
  const old = new Set(before.map(keyOf));
  const kept = after.filter((child) => old.has(keyOf(child)));
  const same = new Set(kept.map(keyOf));
  const others = [...before, ...after].filter((child) => !same.has(keyOf(child))).map(({ range }) => range);
  return { kept, others, more: after.length - before.length };
}

/** Ranges that overlap, or follow each other without a gap, as one. */
function joined(ranges: readonly RowRange[]): readonly RowRange[] {
  const result: RowRange[] = [];
  for (const range of ranges.toSorted((a, b) => (a.first < b.first ? -1 : 1))) {
    const last = result.at(-1);
    if (last === undefined || range.first > last.last + 1n) result.push(range);
    else if (range.last > last.last) result[result.length - 1] = { first: last.first, last: range.last };
  }
  return result;
}
