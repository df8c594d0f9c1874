import type { AlterTableStmt, Node, ObjectType, RenameStmt } from 'libpg-query';
import { as, stringsOf } from './nodes.ts';
import { nameIn, nameOf, objectName, type QualifiedName } from './qualified-name.ts';

/**
 * What a statement's text makes, takes away or gives another name. `what` is the kind of object in words: `table`,
 * `column`, `index`, `constraint`, `trigger`, `materialized view`, `schema`, `enum value`, …; `on` is the table (or, for
 * an enum value, the type) that it belongs to. ALTER … SET SCHEMA is a rename.
 */
export type Change =
  | { readonly change: 'create'; readonly what: string; readonly name: QualifiedName }
  | {
      readonly change: 'drop';
      readonly what: string;
      readonly name: QualifiedName;
      readonly on?: QualifiedName;
      readonly cascade: boolean;
    }
  | {
      readonly change: 'rename';
      readonly what: string;
      readonly from: QualifiedName;
      readonly to: QualifiedName;
      readonly on?: QualifiedName;
    };

export function changesOf(node: Node): readonly Change[] {
  const renamed = as('RenameStmt', node);
  if (renamed !== undefined) return [renameOf(renamed)];
  const altered = as('AlterTableStmt', node);
  if (altered !== undefined) return droppedParts(altered);
  return [...created(node), ...moved(node), ...dropped(node), ...renamedValue(node)];
}

function renameOf({ renameType, relation, object, subname = '', newname = '' }: RenameStmt): Change {
  const what = wordsOf(renameType);
  if (relation !== undefined && partsOfTables.includes(what)) {
    return { change: 'rename', what, from: { name: subname }, to: { name: newname }, on: nameOf(relation) };
  }
  const from =
    relation !== undefined ? nameOf(relation) : object === undefined ? { name: subname } : objectName(object);
  return { change: 'rename', what, from, to: { ...from, name: newname } };
}

const partsOfTables = ['column', 'attribute', 'constraint', 'trigger', 'rule', 'policy'];

function* moved(node: Node): Iterable<Change> {
  const { objectType, relation, object, newschema } = as('AlterObjectSchemaStmt', node) ?? {};
  if (newschema === undefined) return;
  const from = relation === undefined ? objectName(object) : nameOf(relation);
  yield { change: 'rename', what: wordsOf(objectType), from, to: { schema: newschema, name: from.name } };
}

function* renamedValue(node: Node): Iterable<Change> {
  const { typeName, oldVal, newVal } = as('AlterEnumStmt', node) ?? {};
  if (oldVal === undefined || newVal === undefined) return;
  const on = nameIn(stringsOf(typeName));
  yield { change: 'rename', what: 'enum value', from: { name: oldVal }, to: { name: newVal }, on };
}

function* created(node: Node): Iterable<Change> {
  const create = as('CreateStmt', node) ?? as('CreateForeignTableStmt', node)?.base;
  if (create !== undefined) yield { change: 'create', what: 'table', name: nameOf(create.relation) };
  const { into, objtype } = as('CreateTableAsStmt', node) ?? {};
  const target = into ?? as('SelectStmt', node)?.intoClause;
  if (target !== undefined) {
    const what = objtype === 'OBJECT_MATVIEW' ? 'materialized view' : 'table';
    yield { change: 'create', what, name: nameOf(target.rel) };
  }
  const schema = as('CreateSchemaStmt', node);
  for (const element of schema?.schemaElts ?? []) {
    for (const change of created(element)) {
      if (change.change === 'create') yield { ...change, name: { schema: schema?.schemaname ?? '', ...change.name } };
    }
  }
}

function* dropped(node: Node): Iterable<Change> {
  const { objects = [], removeType, behavior } = as('DropStmt', node) ?? {};
  const what = wordsOf(removeType);
  const cascade = behavior === 'DROP_CASCADE';
  for (const object of objects) {
    if (!partsOfTables.includes(what)) {
      yield { change: 'drop', what, name: objectName(object), cascade };
      continue;
    }
    const parts = stringsOf(as('List', object)?.items);
    yield { change: 'drop', what, name: { name: parts.at(-1) ?? '' }, on: nameIn(parts.slice(0, -1)), cascade };
  }
}

function droppedParts({ relation, cmds = [] }: AlterTableStmt): readonly Change[] {
  return cmds.flatMap((each): readonly Change[] => {
    const { subtype, name = '', behavior } = as('AlterTableCmd', each) ?? {};
    const what = subtype === 'AT_DropColumn' ? 'column' : subtype === 'AT_DropConstraint' ? 'constraint' : undefined;
    if (what === undefined) return [];
    return [{ change: 'drop', what, name: { name }, on: nameOf(relation), cascade: behavior === 'DROP_CASCADE' }];
  });
}

function wordsOf(type: ObjectType | undefined): string {
  if (type === 'OBJECT_MATVIEW') return 'materialized view';
  if (type === 'OBJECT_TABCONSTRAINT') return 'constraint';
  if (type === 'OBJECT_FOREIGN_TABLE') return 'table';
  return (type ?? '').replace('OBJECT_', '').replaceAll('_', ' ').toLowerCase();
}
