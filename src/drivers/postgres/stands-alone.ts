import type { AlterSubscriptionStmt, AlterTableStmt, Node, ReindexStmt } from 'libpg-query';
import { isUsedLater } from './enum-values.ts';
import { executions, functionsIn } from './executed.ts';
import { Known, type Facts } from './facts.ts';
import { as, isOn, kindOf, optionOf, textOf, type NodeKind } from './nodes.ts';
import { nameOf } from './qualified-name.ts';
import type { Statement } from './statements.ts';

export interface Alone {
  /** Why, as the end of a sentence that begins with the statement. */
  readonly reason: string;
  /** Whether PostgreSQL refuses it in a transaction at once; otherwise only a later use of what it did is refused. */
  readonly refused: boolean;
}

/**
 * Which statements of a script must run outside a transaction. A procedure that is called and not known from the script
 * or the facts is taken for one that does not commit: in a transaction, it would fail with 2D000.
 */
export function standingAlone(
  script: readonly Statement[],
  facts?: Facts,
): (statement: Statement) => Alone | undefined {
  const known = new Known(script, facts);
  const executed = executions(script, facts);
  return (statement) => {
    const { node } = statement;
    const reason = refusedByItself(node) ?? refusedForFacts(node, known) ?? subscription(statement, script);
    if (reason !== undefined) return { reason, refused: true };
    if (executed(statement).endsTransaction) {
      return { reason: 'it commits or rolls back in its own text', refused: true };
    }
    const add = as('AlterEnumStmt', node);
    if (add === undefined || !isUsedLater(add, statement, script, executed, known.version)) return undefined;
    return { reason: 'a later statement uses the new value, which must be committed by then', refused: false };
  };
}

/** One statement on its own; see `standingAlone`, which sees the rest of the script too. */
export function standsAlone(statement: Statement, facts?: Facts): Alone | undefined {
  return standingAlone([statement], facts)(statement);
}

const always: Partial<Record<NodeKind, string>> = {
  CreatedbStmt: 'CREATE DATABASE cannot run inside a transaction',
  DropdbStmt: 'DROP DATABASE cannot run inside a transaction',
  CreateTableSpaceStmt: 'CREATE TABLESPACE cannot run inside a transaction',
  DropTableSpaceStmt: 'DROP TABLESPACE cannot run inside a transaction',
  AlterSystemStmt: 'ALTER SYSTEM cannot run inside a transaction',
};

function refusedByItself(node: Node): string | undefined {
  const constant = always[kindOf(node)];
  if (constant !== undefined) return constant;
  if (as('IndexStmt', node)?.concurrent === true) return 'CREATE INDEX CONCURRENTLY commits several times';
  if (as('DropStmt', node)?.concurrent === true) return 'DROP INDEX CONCURRENTLY commits several times';
  if (as('VacuumStmt', node)?.is_vacuumcmd === true) return 'VACUUM cannot run inside a transaction';
  if (as('DiscardStmt', node)?.target === 'DISCARD_ALL') return 'DISCARD ALL cannot run inside a transaction';
  if (optionOf(as('AlterDatabaseStmt', node)?.options, 'tablespace') !== undefined) {
    return 'ALTER DATABASE … SET TABLESPACE cannot run inside a transaction';
  }
  if (functionsIn(node).some(({ name }) => name === 'pg_create_logical_replication_slot')) {
    return 'a logical replication slot cannot be made in a transaction that has written';
  }
  return reindex(as('ReindexStmt', node)) ?? detach(as('AlterTableStmt', node)) ?? continuous(node);
}

function reindex(statement: ReindexStmt | undefined): string | undefined {
  if (statement === undefined) return undefined;
  if (isOn(statement.params, 'concurrently', false)) return 'REINDEX CONCURRENTLY commits several times';
  if (statement.kind === 'REINDEX_OBJECT_INDEX' || statement.kind === 'REINDEX_OBJECT_TABLE') return undefined;
  return 'REINDEX of a schema or a database commits after each table';
}

function detach(statement: AlterTableStmt | undefined): string | undefined {
  const detaches = (statement?.cmds ?? []).some(
    (command) => as('PartitionCmd', as('AlterTableCmd', command)?.def)?.concurrent === true,
  );
  return detaches ? 'DETACH PARTITION CONCURRENTLY commits in between' : undefined;
}

/** TimescaleDB: filling a continuous aggregate commits. */
function continuous(node: Node): string | undefined {
  const { into, objtype } = as('CreateTableAsStmt', node) ?? {};
  if (objtype !== 'OBJECT_MATVIEW' || into?.skipData === true) return undefined;
  const isOne = (into?.options ?? []).some((option) => as('DefElem', option)?.defnamespace === 'timescaledb');
  return isOne ? 'a continuous aggregate cannot be filled inside a transaction' : undefined;
}

function refusedForFacts(node: Node, known: Known): string | undefined {
  const cluster = as('ClusterStmt', node);
  if (cluster !== undefined && cluster.relation === undefined)
    return 'CLUSTER without a table commits after each table';
  const relation = cluster?.relation ?? as('ReindexStmt', node)?.relation;
  if (relation === undefined || !known.isPartitioned(nameOf(relation))) return undefined;
  return `${cluster === undefined ? 'REINDEX' : 'CLUSTER'} of a partitioned table commits after each partition`;
}

function subscription(statement: Statement, script: readonly Statement[]): string | undefined {
  const created = as('CreateSubscriptionStmt', statement.node);
  if (created !== undefined) {
    const connects = isOn(created.options, 'connect', true);
    const makesSlot = isOn(created.options, 'create_slot', connects);
    return makesSlot ? 'CREATE SUBSCRIPTION makes a replication slot, which no rollback undoes' : undefined;
  }
  const altered = as('AlterSubscriptionStmt', statement.node);
  if (altered !== undefined) return altersElsewhere(altered) ? 'it acts on the publisher at once' : undefined;
  const dropped = as('DropSubscriptionStmt', statement.node);
  if (dropped === undefined) return undefined;
  const detached = script.some(
    (other) => other.index < statement.index && leavesSlot(other.node, dropped.subname ?? ''),
  );
  return detached ? undefined : 'DROP SUBSCRIPTION drops a replication slot, which no rollback undoes';
}

function altersElsewhere({ kind, options }: AlterSubscriptionStmt): boolean {
  if (kind === 'ALTER_SUBSCRIPTION_REFRESH') return true;
  if (/_(?:SET|ADD|DROP)_PUBLICATION$/.test(kind ?? '')) return isOn(options, 'refresh', true);
  return optionOf(options, 'failover') !== undefined || !isOn(options, 'two_phase', true);
}

function leavesSlot(node: Node, subscription: string): boolean {
  const altered = as('AlterSubscriptionStmt', node);
  if (altered === undefined || altered.subname !== subscription) return false;
  const slot = optionOf(altered.options, 'slot_name');
  return slot !== undefined && textOf(slot)?.toLowerCase() === 'none';
}
