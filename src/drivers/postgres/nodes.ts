import type { DefElem, Node } from 'libpg-query';

/** The name of a node's type: `IndexStmt`, `SelectStmt`, … */
export type NodeKind = Node extends infer Each ? (Each extends Each ? keyof Each : never) : never;

export function kindOf(node: Node): NodeKind {
  return Object.keys(node)[0] as NodeKind;
}

/** The node itself where it is of that type. */
export function as<Kind extends NodeKind>(
  kind: Kind,
  node: Node | undefined,
): Extract<Node, Record<Kind, unknown>>[Kind] | undefined {
  const found = node as Record<string, unknown> | undefined;
  return found?.[kind] as Extract<Node, Record<Kind, unknown>>[Kind] | undefined;
}

/** Every object below a node, itself included, with the name that it stands under. Without recursion: trees are deep. */
export function* everyPart(node: object): Iterable<readonly [name: string, part: Readonly<Record<string, unknown>>]> {
  const stack: (readonly [string, object])[] = [['', node]];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const [name, part] = next;
    if (!Array.isArray(part)) yield [name, part as Readonly<Record<string, unknown>>];
    for (const [key, value] of Object.entries(part).toReversed()) {
      if (typeof value === 'object' && value !== null) stack.push([Array.isArray(part) ? name : key, value as object]);
    }
  }
}

/** Every string constant below a node. */
export function textsIn(node: object): readonly string[] {
  const texts: string[] = [];
  for (const [name, part] of everyPart(node)) {
    const text = name === 'A_Const' ? (part['sval'] as { sval?: string } | undefined) : undefined;
    if (text !== undefined) texts.push(text.sval ?? '');
  }
  return texts;
}

export function stringOf(node: Node | undefined): string | undefined {
  return node === undefined ? undefined : (as('String', node)?.sval ?? as('A_Const', node)?.sval?.sval);
}

export function stringsOf(nodes: readonly Node[] | undefined): readonly string[] {
  return (nodes ?? []).flatMap((node) => stringOf(node) ?? []);
}

export function optionOf(options: readonly Node[] | undefined, name: string): DefElem | undefined {
  return (options ?? []).flatMap((node) => as('DefElem', node) ?? []).findLast((option) => option.defname === name);
}

/** An option's text as written; undefined where it has none. */
export function textOf({ arg }: DefElem): string | undefined {
  if (arg === undefined) return undefined;
  const type = as('TypeName', arg);
  if (type !== undefined) return stringsOf(type.names).at(-1);
  const integer = as('Integer', arg);
  if (integer !== undefined) return String(integer.ival ?? 0);
  const truth = as('Boolean', arg);
  return truth === undefined ? stringOf(arg) : String(truth.boolval ?? false);
}

/** Reads an option as PostgreSQL does: its name alone means true. */
export function isOn(options: readonly Node[] | undefined, name: string, unless: boolean): boolean {
  const option = optionOf(options, name);
  if (option === undefined) return unless;
  return !/^(?:off|false|no|0)$/i.test(textOf(option) ?? 'true');
}
