import { as } from './nodes.ts';
import type { Statement } from './statements.ts';

/**
 * What a script says about its own transactions. All of it is left out of a run inside ours, and said so; savepoints
 * stay. `modes` are isolation levels and the like.
 */
export type Control = 'begin' | 'commit' | 'modes' | 'application name';

export function controlOf({ node }: Statement): Control | undefined {
  const kind = as('TransactionStmt', node)?.kind;
  if (kind === 'TRANS_STMT_BEGIN' || kind === 'TRANS_STMT_START') return 'begin';
  if (kind === 'TRANS_STMT_COMMIT') return 'commit';
  const name = as('VariableSetStmt', node)?.name ?? '';
  if (name === 'application_name') return 'application name';
  const isMode =
    /^(?:TRANSACTION|SESSION CHARACTERISTICS)$|^(?:default_)?transaction_(?:isolation|read_only|deferrable)$/;
  return isMode.test(name) ? 'modes' : undefined;
}

/** What is left out, in words for the report. */
export function* controlNotes(statements: readonly Statement[]): Iterable<string> {
  const having = (...kinds: readonly Control[]): readonly Statement[] =>
    statements.filter((statement) => kinds.some((kind) => controlOf(statement) === kind));
  const control = having('begin', 'commit');
  if (control.length > 0) {
    yield `Left out its own transaction control: ${placesOf(control)}. The migration and its history row share one transaction.`;
  }
  const modes = [
    ...having('modes'),
    ...having('begin').filter(({ node }) => (as('TransactionStmt', node)?.options ?? []).length > 0),
  ];
  if (modes.length > 0) {
    yield `Left out the modes of its transactions (${linesOf(modes)}): it runs in a transaction of Forerun's, which has its own.`;
  }
  const named = having('application name');
  if (named.length > 0) {
    yield `Left out SET application_name (${linesOf(named)}): Forerun finds its own sessions by it.`;
  }
}

export function placesOf(statements: readonly Statement[]): string {
  return statements.map((statement) => `${firstWord(statement)} (line ${statement.line})`).join(', ');
}

/** A SET LOCAL that the script's own COMMIT was to end, while more statements follow in our transaction. */
export interface Outliving {
  readonly name: string;
  readonly set: Statement;
  readonly commit: Statement;
}

/** Limits of time do no harm where they hold for longer. */
const harmless = /^(?:lock|statement|transaction|idle_in_transaction_session)_timeout$/;

export function outlivingSetting(
  statements: readonly Statement[],
  endsStretch: (statement: Statement) => boolean,
): Outliving | undefined {
  const local = new Map<string, Statement>();
  let ended: readonly Outliving[] = [];
  let inside = false;
  for (const statement of statements) {
    const { name, is_local: isLocal, kind } = as('VariableSetStmt', statement.node) ?? {};
    const control = controlOf(statement);
    if (control === 'begin') inside = true;
    else if (endsStretch(statement)) {
      local.clear();
      ended = [];
    } else if (name !== undefined && isLocal === true && !harmless.test(name)) {
      if (kind === 'VAR_SET_VALUE' && inside) local.set(name, statement);
      else local.delete(name);
      // Set anew before anything else runs: the old value is of no consequence.
      ended = ended.filter((outliving) => outliving.name !== name);
    } else if (control === 'commit') {
      ended = [...ended, ...[...local].map(([name, set]) => ({ name, set, commit: statement }))];
      local.clear();
      inside = false;
    } else if (control === undefined && ended.length > 0) return ended[0];
  }
  return undefined;
}

function linesOf(statements: readonly Statement[]): string {
  return statements.map(({ line }) => `line ${line}`).join(', ');
}

function firstWord({ sql }: Statement): string {
  return /^\w*/.exec(sql)?.[0].toUpperCase() ?? '';
}
