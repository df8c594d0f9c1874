import { ForerunError } from '../../error.ts';
import type { Session } from '../../seams/driver.ts';
import type { Attempt } from '../../seams/source.ts';
import type { Target } from '../../seams/target.ts';
import { readCluster } from './cluster-wide.ts';
import type { PostgresConnection } from './connection.ts';
import type { Facts } from './facts.ts';
import { whereOf } from './script-statement.ts';
import type { Statement } from './statements.ts';

export interface ClusterCheck {
  readonly script: readonly Statement[];
  readonly facts: Facts;
  readonly file: string | undefined;
  readonly attempt: Attempt;
  /** Where the script is rehearsed. */
  readonly main: Target;
  connect(target: Target): Promise<PostgresConnection>;
}

/**
 * A branch in main's own cluster shares roles, databases, tablespaces and settings with it: what acts on those would
 * change main while it is rehearsed. Throws `BAD_MIGRATION` for what is seen, and notes what cannot be seen.
 */
export async function refuseClusterWide(branch: Session, check: ClusterCheck): Promise<void> {
  const { script, facts, file, attempt } = check;
  const reading = readCluster(script, facts);
  const effects = script.flatMap((statement) => {
    const effect = reading.effect(statement);
    return effect === undefined ? [] : [{ statement, effect }];
  });
  const unseen = script.filter((statement) => reading.unseen(statement).length > 0);
  if (effects.length + unseen.length === 0 || !(await isOneServer(branch, check))) return;
  const [first] = effects;
  if (first !== undefined) {
    const { reason, inside } = first.effect;
    const others = effects.slice(1).map(({ statement }) => `line ${statement.line}`);
    const also = others.length === 0 ? '' : ` (so does ${others.join(', ')})`;
    throw new ForerunError(
      'BAD_MIGRATION',
      `It reaches beyond its database (cluster-wide)${inside === true ? ', from within a function or a block' : ''}: ${reason}${also}. The branch lives on main's own server, so a rehearsal would change main.`,
      {
        details: { where: whereOf(first.statement, file) },
        next: 'Rehearse it on a server of its own (the provider clone, or branchServer of the provider dump), or do this by hand and take it out of the migration.',
      },
    );
  }
  for (const statement of unseen) {
    attempt.note(
      `Whether line ${statement.line} reaches beyond its database cannot be seen: ${reading.unseen(statement).join(', ')}.`,
    );
  }
}

/** A copy of a whole machine has all that main's server says of itself, but not a session that began just now. */
async function isOneServer(branch: Session, { main, connect }: ClusterCheck): Promise<boolean> {
  await using other = await connect(main);
  const [own] = await other.query(
    'SELECT pid, backend_start::text AS since FROM pg_stat_activity WHERE pid = pg_backend_pid()',
  );
  const seen = await branch.query('SELECT FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2::timestamptz', [
    own?.['pid'],
    own?.['since'],
  ]);
  return seen.length > 0;
}
