import type { Node, RangeVar } from 'libpg-query';
import { plainIdentifier, quoteIdentifier } from './names.ts';
import { as, stringsOf } from './nodes.ts';

/** A name as a text has it. Which schema a bare name means, only the server's search_path tells. */
export interface QualifiedName {
  readonly schema?: string;
  readonly name: string;
}

export function nameOf(relation: RangeVar | undefined): QualifiedName {
  const { schemaname, relname = '' } = relation ?? {};
  return schemaname === undefined ? { name: relname } : { schema: schemaname, name: relname };
}

/** From the parts of a dotted name; a database's name before them is left out. */
export function nameIn(parts: readonly string[]): QualifiedName {
  const [schema, name] = parts.length > 1 ? parts.slice(-2) : [undefined, parts[0]];
  return schema === undefined ? { name: name ?? '' } : { schema, name: name ?? '' };
}

/** The name of a thing that DROP, COMMENT and others take, in whatever form the grammar gives it. */
export function objectName(object: Node | undefined): QualifiedName {
  if (object === undefined) return { name: '' };
  const parts = as('List', object)?.items ??
    as('TypeName', object)?.names ??
    as('ObjectWithArgs', object)?.objname ?? [object];
  return nameIn(stringsOf(parts));
}

/** Whether two names can mean the same: a bare name can be in any schema. */
export function canBeSame(one: QualifiedName, other: QualifiedName): boolean {
  return (
    one.name === other.name && (one.schema === undefined || other.schema === undefined || one.schema === other.schema)
  );
}

/** As people write it, and as `format('%I.%I', …)` does: quoted only where that is needed. */
export function shown({ schema, name }: QualifiedName): string {
  return [...(schema === undefined ? [] : [schema]), name].map(plainIdentifier).join('.');
}

/** As SQL: every part quoted, so that it means this name and no other. */
export function quoted({ schema, name }: QualifiedName): string {
  return [...(schema === undefined ? [] : [schema]), name].map(quoteIdentifier).join('.');
}
