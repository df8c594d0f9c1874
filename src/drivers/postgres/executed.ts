import type { Node } from 'libpg-query';
import { bodyOfDo, bodyOfRoutine, type Body } from './body.ts';
import { Known, type Facts } from './facts.ts';
import { as, everyPart, isOn, kindOf, stringsOf, type NodeKind } from './nodes.ts';
import { nameIn, shown, type QualifiedName } from './qualified-name.ts';
import type { Statement } from './statements.ts';

/** What running a statement runs: itself, and what stands in DO blocks and in routines that are known. */
export interface Executed {
  readonly nodes: readonly Node[];
  /** Whether a DO, or a procedure that is called, says COMMIT or ROLLBACK. */
  readonly endsTransaction: boolean;
  /** What of it cannot be seen, in words. Functions of PostgreSQL itself and of extensions are not in it. */
  readonly unseen: readonly string[];
}

/** Reads the rest of a script and the facts once, and then answers for each of its statements. */
export function executions(script: readonly Statement[], facts?: Facts): (statement: Statement) => Executed {
  const known = new Known(script, facts);
  const answers = new Map<Statement, Executed>();
  return (statement) => {
    const answer = answers.get(statement) ?? follow(statement, known);
    answers.set(statement, answer);
    return answer;
  };
}

function follow({ node }: Statement, known: Known): Executed {
  const nodes: Node[] = [node];
  const unseen = new Set<string>();
  const visited = new Set<string>();
  let endsTransaction = false;
  const enter = (body: Body, canEnd: boolean): void => {
    nodes.push(...body.nodes);
    for (const what of body.unseen) unseen.add(what);
    endsTransaction ||= body.endsTransaction && canEnd;
  };
  // `nodes` grows while it is read: a body calls other routines.
  for (const next of nodes) {
    const block = as('DoStmt', next);
    if (block !== undefined) enter(bodyOfDo(block), true);
    const call = as('CallStmt', next)?.funccall;
    const called = call === undefined ? undefined : nameIn(stringsOf(call.funcname));
    if (called !== undefined && known.routines(called).length === 0) unseen.add(`the procedure ${shown(called)}`);
    for (const name of functionsIn(next)) {
      for (const routine of known.routines(name)) {
        if (visited.has(routine.definition)) continue;
        visited.add(routine.definition);
        // Only a procedure that is called may end the transaction; a function that tries fails.
        enter(bodyOfRoutine(routine.create, routine.definition), name.name === called?.name);
      }
    }
  }
  return { nodes, endsTransaction, unseen: [...unseen] };
}

/** Names of the functions and procedures that a statement calls itself when it runs. */
export function functionsIn(node: Node): readonly QualifiedName[] {
  if (!runsItsParts(node)) return [];
  const names = new Map<string, QualifiedName>();
  for (const [part, { funcname }] of everyPart(node)) {
    if ((part !== 'FuncCall' && part !== 'funccall') || !Array.isArray(funcname)) continue;
    const name = nameIn(stringsOf(funcname as Node[]));
    names.set(shown(name), name);
  }
  return [...names.values()];
}

/** What a definition holds is only run later, if at all. PREPARE is taken for what it prepares. */
export function runsItsParts(node: Node): boolean {
  const explain = as('ExplainStmt', node);
  if (explain !== undefined) return isOn(explain.options, 'analyze', false);
  return !definitions.includes(kindOf(node));
}

const definitions: readonly NodeKind[] = [
  'CreateFunctionStmt',
  'CreateStmt',
  'CreateTrigStmt',
  'CreatePolicyStmt',
  'CreateEventTrigStmt',
  'RuleStmt',
  'ViewStmt',
];
