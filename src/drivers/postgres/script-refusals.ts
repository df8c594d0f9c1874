import { as, stringsOf } from './nodes.ts';
import type { Statement } from './statements.ts';

/** Why a statement cannot be part of a migration, and what to do instead. */
export interface Refusal {
  readonly message: string;
  readonly next: string;
}

/** Undefined for what can be run. */
export function reasonToRefuse({ node }: Statement): Refusal | undefined {
  const copy = as('CopyStmt', node);
  if (copy !== undefined && copy.filename === undefined) {
    return copy.is_from === true
      ? {
          message: 'COPY … FROM stdin reads rows from a client, and a script has none.',
          next: 'Write the rows as INSERT, or load them from a migration in JavaScript.',
        }
      : { message: 'COPY … TO stdout sends rows to a client, and nobody reads them.', next: 'Leave it out.' };
  }
  return transaction(node) ?? setting(node);
}

/** Whatever begins so is Forerun's: no script may end one, or go back to one. */
const ownSavepoints = /^forerun(?:_|$)/;

function transaction(node: Statement['node']): Refusal | undefined {
  const { kind, savepoint_name: savepoint = '' } = as('TransactionStmt', node) ?? {};
  if (ownSavepoints.test(savepoint)) {
    return { message: `The savepoint "${savepoint}" is Forerun's own.`, next: 'Give the savepoint another name.' };
  }
  if (kind === 'TRANS_STMT_ROLLBACK') {
    return {
      message: 'ROLLBACK would undo the migration and let it count as applied.',
      next: 'Leave it out: a failing statement rolls everything back.',
    };
  }
  if (!/PREPARE/.test(kind ?? '')) return undefined;
  return {
    message: 'A prepared transaction outlives the migration: it can be neither rehearsed nor rolled back.',
    next: 'Leave PREPARE TRANSACTION, COMMIT PREPARED and ROLLBACK PREPARED out.',
  };
}

function setting(node: Statement['node']): Refusal | undefined {
  const { name = '', args } = as('VariableSetStmt', node) ?? {};
  const [value = ''] = stringsOf(args);
  if (name === 'TRANSACTION SNAPSHOT') {
    return { message: 'SET TRANSACTION SNAPSHOT must be the first in a transaction.', next: 'Leave it out.' };
  }
  if (name === 'client_encoding' && value !== '' && !/^utf-?8$/i.test(value)) {
    return { message: `The script is sent as UTF-8, not as ${value}.`, next: 'Leave the encoding out.' };
  }
  if (name === 'standard_conforming_strings' && /^(?:off|false|no|0)$/i.test(value)) {
    return {
      message: 'With standard_conforming_strings off, the script would not mean what it was read as.',
      next: "Leave it out, and write E'…' where a backslash is to escape.",
    };
  }
  return undefined;
}
