import type { Node, ObjectType } from 'libpg-query';
import { effectOf, sharedCatalogs } from './cluster-functions.ts';
import { executions, functionsIn } from './executed.ts';
import { Known, type Facts } from './facts.ts';
import { as, kindOf, type NodeKind } from './nodes.ts';
import { shown } from './qualified-name.ts';
import type { Statement } from './statements.ts';
import { writtenIn } from './wanted.ts';

export interface ClusterWide {
  /** What it acts on beyond its own database, as a sentence without its full stop. */
  readonly reason: string;
  /** Set where it does so from a DO block, a function or a procedure. */
  readonly inside?: true;
}

/** What a script's statements do beyond the database that they run in, and what of that cannot be known. */
export interface ClusterReading {
  /** Undefined where nothing of the kind is seen. */
  effect(statement: Statement): ClusterWide | undefined;
  /** What could do so unseen, in words; PostgreSQL's and extensions' own functions are known by name only. */
  unseen(statement: Statement): readonly string[];
}

/** A branch in the same cluster shares roles, databases, tablespaces, settings and slots with main. */
export function readCluster(script: readonly Statement[], facts?: Facts): ClusterReading {
  const known = new Known(script, facts);
  const executed = executions(script, facts);
  return {
    effect(statement) {
      for (const node of executed(statement).nodes) {
        const reason = effectIn(node, known);
        if (reason !== undefined) return node === statement.node ? { reason } : { reason, inside: true };
      }
      return undefined;
    },
    unseen: (statement) => executed(statement).unseen,
  };
}

/** One statement on its own; see `readCluster`, which sees the rest of the script too. */
export function clusterWide(statement: Statement, facts?: Facts): ClusterWide | undefined {
  return readCluster([statement], facts).effect(statement);
}

const roles = 'roles belong to the whole cluster';
const databases = 'databases belong to the whole cluster';
const tablespaces = 'tablespaces belong to the whole cluster';
const settings = 'settings of the server belong to the whole cluster';
const subscriptions = 'subscriptions belong to the whole cluster and act on another server';

const byKind: Partial<Record<NodeKind, string>> = {
  CreateRoleStmt: roles,
  AlterRoleStmt: roles,
  AlterRoleSetStmt: roles,
  DropRoleStmt: roles,
  GrantRoleStmt: roles,
  CreatedbStmt: databases,
  AlterDatabaseStmt: databases,
  AlterDatabaseSetStmt: databases,
  AlterDatabaseRefreshCollStmt: databases,
  DropdbStmt: databases,
  CreateTableSpaceStmt: tablespaces,
  DropTableSpaceStmt: tablespaces,
  AlterTableSpaceOptionsStmt: tablespaces,
  AlterSystemStmt: settings,
  CreateSubscriptionStmt: subscriptions,
  AlterSubscriptionStmt: subscriptions,
  DropSubscriptionStmt: subscriptions,
  DropOwnedStmt: 'DROP OWNED takes away rights on databases and tablespaces, too',
  ReassignOwnedStmt: 'REASSIGN OWNED changes the owner of databases and tablespaces, too',
};

const byObject: Partial<Record<ObjectType, string>> = {
  OBJECT_ROLE: roles,
  OBJECT_DATABASE: databases,
  OBJECT_TABLESPACE: tablespaces,
  OBJECT_PARAMETER_ACL: settings,
};

function effectIn(node: Node, known: Known): string | undefined {
  return byKind[kindOf(node)] ?? byObjectOf(node) ?? reach(node) ?? called(node) ?? written(node, known);
}

function byObjectOf(node: Node): string | undefined {
  const owner = as('AlterOwnerStmt', node)?.objectType;
  const renamed = as('RenameStmt', node)?.renameType;
  if (owner === 'OBJECT_SUBSCRIPTION' || renamed === 'OBJECT_SUBSCRIPTION') return subscriptions;
  const type =
    owner ??
    renamed ??
    as('GrantStmt', node)?.objtype ??
    as('CommentStmt', node)?.objtype ??
    as('SecLabelStmt', node)?.objtype;
  return type === undefined ? undefined : byObject[type];
}

/** What leaves the database by other ways than a function. */
function reach(node: Node): string | undefined {
  const copy = as('CopyStmt', node);
  if (copy?.is_program === true) return 'COPY … PROGRAM runs a program on the server';
  if (copy?.filename !== undefined && copy.is_from !== true) return 'COPY … TO writes a file of the server';
  if (as('ReindexStmt', node)?.kind === 'REINDEX_OBJECT_SYSTEM') {
    return 'REINDEX SYSTEM rebuilds indexes of catalogs that the whole cluster shares';
  }
  return undefined;
}

function called(node: Node): string | undefined {
  for (const { schema, name } of functionsIn(node)) {
    const effect = effectOf(schema, name);
    if (effect !== undefined) return `${name}() ${effect}`;
  }
  return undefined;
}

function written(node: Node, known: Known): string | undefined {
  for (const table of writtenIn(node)) {
    if (known.isForeign(table)) return `${shown(table)} is a foreign table: its rows are on another server`;
    if ((table.schema ?? 'pg_catalog') === 'pg_catalog' && sharedCatalogs.includes(table.name)) {
      return `the catalog ${table.name} is shared by the whole cluster`;
    }
  }
  return undefined;
}
