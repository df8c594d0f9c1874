import type { Node } from 'libpg-query';
import { executions, functionsIn, runsItsParts } from './executed.ts';
import { Known, type Facts } from './facts.ts';
import { as, everyPart } from './nodes.ts';
import { nameOf, shown, type QualifiedName } from './qualified-name.ts';
import type { Statement } from './statements.ts';

/** What `Facts` is asked about for a script. */
export interface Wanted {
  readonly routines: readonly QualifiedName[];
  readonly relations: readonly QualifiedName[];
}

/**
 * The names to look up before a script is judged. Routines call routines: ask again with the facts that were found,
 * until nothing new is wanted.
 */
export function wantedBy(script: readonly Statement[], facts?: Facts): Wanted {
  const known = new Known(script, facts);
  const executed = executions(script, facts);
  const nodes = script.flatMap((statement) => executed(statement).nodes);
  return {
    routines: unique(nodes.flatMap(functionsIn).filter((name) => known.routines(name).length === 0)),
    relations: unique(nodes.flatMap(relationsIn)),
  };
}

function relationsIn(node: Node): readonly QualifiedName[] {
  const relation = as('ReindexStmt', node)?.relation ?? as('ClusterStmt', node)?.relation;
  return relation === undefined ? writtenIn(node) : [nameOf(relation)];
}

/** The tables that a statement's own text writes rows of. */
export function writtenIn(node: Node): readonly QualifiedName[] {
  if (!runsItsParts(node)) return [];
  const written: QualifiedName[] = [];
  for (const [, part] of everyPart(node)) {
    const holder = part as unknown as Node;
    const relation =
      as('InsertStmt', holder)?.relation ??
      as('UpdateStmt', holder)?.relation ??
      as('DeleteStmt', holder)?.relation ??
      as('MergeStmt', holder)?.relation;
    if (relation !== undefined) written.push(nameOf(relation));
    for (const table of as('TruncateStmt', holder)?.relations ?? []) written.push(nameOf(as('RangeVar', table)));
    const copy = as('CopyStmt', holder);
    if (copy?.is_from === true) written.push(nameOf(copy.relation));
  }
  return unique(written);
}

function unique(names: readonly QualifiedName[]): readonly QualifiedName[] {
  return [...new Map(names.map((name) => [shown(name), name])).values()];
}
