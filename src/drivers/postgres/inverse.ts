import type { IndexStmt } from 'libpg-query';
import { as, isOn, kindOf } from './nodes.ts';
import { nameOf, quoted, type QualifiedName } from './qualified-name.ts';
import type { Statement } from './statements.ts';

/** How to undo a statement that stands alone, exactly. */
export type Inverse =
  /** It changes neither schema nor contents: there is nothing to undo. */
  | { readonly kind: 'nothing' }
  | {
      readonly kind: 'sql';
      /** Stands alone too. Safe to repeat, and also where the statement was cut short. */
      readonly sql: string;
      /** What the statement makes. */
      readonly makes: QualifiedName;
      /** Whether it may have been there before (IF NOT EXISTS): then, the inverse must not be run. */
      readonly unlessItWasThere: boolean;
    };

/** Undefined where there is no exact inverse that the text alone tells. */
export function inverseOf({ node }: Statement): Inverse | undefined {
  const index = as('IndexStmt', node);
  if (index !== undefined) return index.concurrent === true ? ofIndex(index) : undefined;
  const vacuum = as('VacuumStmt', node);
  const reindex = as('ReindexStmt', node);
  // A REINDEX CONCURRENTLY that is cut short leaves an invalid index beside the old one.
  const harmless = reindex === undefined || !isOn(reindex.params, 'concurrently', false);
  const kinds = ['VacuumStmt', 'ClusterStmt', 'ReindexStmt', 'CheckPointStmt', 'DiscardStmt'];
  return vacuum !== undefined || (kinds.includes(kindOf(node)) && harmless) ? { kind: 'nothing' } : undefined;
}

/** An index stands in the schema of its table, so that a table's written schema is the index's. */
function ofIndex({ idxname, relation, if_not_exists: ifNotExists = false }: IndexStmt): Inverse | undefined {
  // The server makes the name up, and it cannot be told from others.
  if (idxname === undefined) return undefined;
  const { schema } = nameOf(relation);
  const makes: QualifiedName = schema === undefined ? { name: idxname } : { schema, name: idxname };
  const sql = `DROP INDEX CONCURRENTLY IF EXISTS ${quoted(makes)}`;
  return { kind: 'sql', sql, makes, unlessItWasThere: ifNotExists };
}
