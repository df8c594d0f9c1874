import type { AlterEnumStmt } from 'libpg-query';
import type { Executed } from './executed.ts';
import { as, optionOf, stringsOf, textsIn } from './nodes.ts';
import { canBeSame, nameIn } from './qualified-name.ts';
import type { Statement } from './statements.ts';

/** From this version on, values added to a type that was made in the same transaction can be used at once. */
const freshTypes = 17;

/**
 * Whether a value that ALTER TYPE … ADD VALUE adds may be used by a later statement: PostgreSQL refuses that in the same
 * transaction (55P04). A string that equals the value counts as a use, in bodies that run as well.
 */
export function isUsedLater(
  add: AlterEnumStmt,
  statement: Statement,
  script: readonly Statement[],
  executed: (statement: Statement) => Executed,
  version: number,
): boolean {
  const value = add.newVal;
  if (value === undefined || add.oldVal !== undefined) return false;
  const at = script.indexOf(statement);
  if (version >= freshTypes && script.slice(0, at).some((earlier) => creates(earlier, add))) return false;
  return script.slice(at + 1).some((later) => uses(later, value, executed));
}

function creates({ node }: Statement, add: AlterEnumStmt): boolean {
  const created = as('CreateEnumStmt', node);
  return created !== undefined && canBeSame(nameIn(stringsOf(created.typeName)), nameIn(stringsOf(add.typeName)));
}

function uses(statement: Statement, value: string, executed: (statement: Statement) => Executed): boolean {
  const create = as('CreateFunctionStmt', statement.node);
  if (create !== undefined) {
    // A body in SQL is checked when it is created; PL/pgSQL is not.
    const language = optionOf(create.options, 'language')?.arg;
    const inPlpgsql = language !== undefined && stringsOf([language])[0]?.toLowerCase() === 'plpgsql';
    return !inPlpgsql && statement.sql.includes(`'${value.replaceAll("'", "''")}'`);
  }
  return executed(statement).nodes.some((node) => textsIn(node).includes(value));
}
