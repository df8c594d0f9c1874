import { ForerunError } from '../../error.ts';
import type { Facts } from './facts.ts';
import { as } from './nodes.ts';
import { reasonToRefuse, type Refusal } from './script-refusals.ts';
import { standingAlone } from './stands-alone.ts';
import { statementsOf, type Statement } from './statements.ts';
import { stretchesOf, type Stretch } from './stretches.ts';
import { controlNotes, controlOf, outlivingSetting, placesOf } from './transaction-control.ts';

/** How a script is to be run. */
export interface Script {
  /** Everything that the text says, for a run without a transaction of ours. */
  readonly all: readonly Statement[];
  /** The same without transaction control. */
  readonly statements: readonly Statement[];
  /** `statements` in groups. One transactional stretch, or none, where the whole script fits in one transaction. */
  readonly stretches: readonly Stretch[];
  /** What was left out and why, for a run by stretches, and for one without a transaction. */
  readonly notes: readonly string[];
  readonly notesAlone: readonly string[];
}

/** Reads a script before anything of it runs; throws `BAD_MIGRATION` for what cannot be run safely. */
export function readScript(sql: string, file: string | undefined, facts?: Facts): Script {
  const all = statementsOf(sql, file);
  for (const statement of all) refuse(statement, reasonToRefuse(statement), file);
  const isAlone = standingAlone(all, facts);
  for (const { statement, reason } of enclosed(all, isAlone)) refuse(statement, reason, file);
  const statements = all.filter((statement) => controlOf(statement) === undefined);
  const stretches = stretchesOf(all, facts, statements);
  const outliving = outlivingSetting(all, (statement) => isAlone(statement) !== undefined);
  if (outliving !== undefined) {
    const { name, set, commit } = outliving;
    refuse(
      set,
      {
        message: `SET LOCAL ${name} is to end with the ${placesOf([commit])}, but the migration is one transaction, and more statements follow.`,
        next: `Set ${name} back with a SET LOCAL in that place, or make two migrations of it.`,
      },
      file,
    );
  }
  return {
    all,
    statements,
    stretches,
    notes: [...controlNotes(all), ...stretchNotes(stretches)],
    notesAlone: ['Ran without a transaction of ours.'],
  };
}

function refuse(statement: Statement, reason: Refusal | undefined, file: string | undefined): void {
  if (reason === undefined) return;
  const { line, index, sql } = statement;
  throw new ForerunError('BAD_MIGRATION', reason.message, {
    details: { where: { ...(file === undefined ? {} : { file }), line, statement: index, sql } },
    next: reason.next,
  });
}

/** What the script puts between its own BEGIN and COMMIT although PostgreSQL refuses it there. */
function* enclosed(
  all: readonly Statement[],
  isAlone: ReturnType<typeof standingAlone>,
): Iterable<{ readonly statement: Statement; readonly reason: Refusal }> {
  let begin: Statement | undefined;
  for (const statement of all) {
    const control = controlOf(statement);
    if (control === 'begin') begin ??= statement;
    else if (control === 'commit')
      begin = as('TransactionStmt', statement.node)?.chain === true ? statement : undefined;
    const alone = begin === undefined ? undefined : isAlone(statement);
    if (begin === undefined || alone?.refused !== true) continue;
    yield {
      statement,
      reason: {
        message: `It stands inside the script's own transaction (${placesOf([begin])}), where PostgreSQL refuses it: ${alone.reason}.`,
        next: 'Put it behind the COMMIT, or leave BEGIN and COMMIT out: the script is then split around it.',
      },
    };
  }
}

function* stretchNotes(stretches: readonly Stretch[]): Iterable<string> {
  const alone = stretches.flatMap((stretch) => (stretch.kind === 'alone' ? [stretch] : []));
  if (alone.length === 0) return;
  const reasons = alone.map(({ statement, alone: { reason } }) => `line ${statement.line}: ${reason}`);
  const parts = stretches.length - alone.length;
  const around = parts === 0 ? '' : `; the rest ran in ${parts === 1 ? 'one transaction' : `${parts} transactions`}`;
  yield `Ran ${alone.length === 1 ? 'a statement' : `${alone.length} statements`} outside a transaction (${reasons.join('; ')})${around}.`;
  const local = stretches.flatMap((stretch, at) =>
    stretch.kind === 'transaction' && at < stretches.length - 1 ? stretch.statements.filter(isLocal) : [],
  );
  if (local.length > 0) {
    yield `SET LOCAL (${local.map(({ line }) => `line ${line}`).join(', ')}) held only up to the next statement that stands alone.`;
  }
}

function isLocal({ node }: Statement): boolean {
  return as('VariableSetStmt', node)?.is_local === true;
}
