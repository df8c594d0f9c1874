import type { Session } from '../../seams/driver.ts';
import type { Evidence, StatementEvidence } from '../../seams/evidence.ts';
import { keysDroppedAlong, orphansLeft, sequencesBehind, strayKeys, unfinished } from './integrity.ts';
import { lostParts, type Replaced } from './lost.ts';
import { renamesIn, type Renames } from './renames.ts';
import type { State } from './state.ts';
import { toldScript } from './told-script.ts';

/**
 * What the catalogs before and after tell: rules that are broken, parts that are lost, things that are unfinished.
 * `counted`: whether the counters of rows are complete. `begun`: the next transaction's number of the moment before.
 */
export async function catalogEvidence(
  session: Session,
  before: State,
  after: State,
  {
    statements,
    counted,
    begun,
  }: {
    readonly statements: readonly StatementEvidence[] | undefined;
    readonly counted: boolean;
    readonly begun: string;
  },
): Promise<Evidence> {
  const replaced = replacedTables(before, after);
  const renames = statements === undefined ? undefined : renamesIn(await toldScript(statements));
  const lost = [
    ...lostParts(replaced, renames),
    ...keysDroppedAlong(before, after, (name) => isDropped(renames, name)),
  ];
  const written = counted ? [] : (statements ?? []).flatMap(({ writes = [] }) => writes);
  const orphans = await orphansLeft(session, before, after);
  const behind = await sequencesBehind(session, before, after, { named: new Set(written), begun });
  const integrity = [...strayKeys(before, after), ...orphans.violations, ...behind.violations];
  const notes = [...orphans.notes, ...behind.notes];
  const left = unfinished(before, after);
  return {
    integrity,
    ...(lost.length > 0 ? { lost } : {}),
    ...(left.length > 0 ? { unfinished: left } : {}),
    ...(notes.length > 0 ? { notes } : {}),
  };
}

function replacedTables(before: State, after: State): readonly Replaced[] {
  const old = new Map(
    [...before.relations.values()]
      .filter(({ kind }) => kind === 'r' || kind === 'p')
      .map((table) => [table.name, table]),
  );
  return [...after.relations.values()].flatMap(({ oid, name, kind }) => {
    const replaced = old.get(name);
    if (replaced === undefined || replaced.oid === oid || (kind !== 'r' && kind !== 'p')) return [];
    const [was, is] = [before.parts.get(replaced.oid), after.parts.get(oid)];
    const viewsOfOld = after.parts.get(replaced.oid)?.views ?? [];
    return was === undefined || is === undefined ? [] : [{ name, before: was, after: is, viewsOfOld }];
  });
}

function isDropped(renames: Renames | undefined, constraint: string): boolean {
  return (renames?.changes ?? []).some(
    (change) => change.change === 'drop' && change.what === 'constraint' && change.name.name === constraint,
  );
}
