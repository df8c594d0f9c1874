import type { Row, Session } from '../../seams/driver.ts';
import { hasCode } from './settings.ts';

/** What a session of ours can do and another one cannot: keep the server's plan of a query. */
interface Planning {
  planned(name: string, sql: string, params?: readonly unknown[]): Promise<readonly Row[]>;
}

/**
 * Asks a query of a fixed text, whose planning can take longer than its running; sessions that are ours have it planned
 * once. Call it where a failure aborts nothing, or inside a savepoint that the caller goes back to.
 */
export async function planned(
  session: Session,
  name: string,
  sql: string,
  params?: readonly unknown[],
): Promise<readonly Row[]> {
  return isPlanning(session) ? session.planned(name, sql, params) : session.query(sql, params);
}

/** The same for a session that has lost its plans. */
export const unplanned: typeof planned = async (session, _name, sql, params) => session.query(sql, params);

/** Whether a script has thrown our plans away (DEALLOCATE ALL, DISCARD ALL): then they are to be done without. */
export function isWithoutPlan(error: unknown): boolean {
  return hasCode(error, '26000');
}

function isPlanning(session: Session): session is Session & Planning {
  return 'planned' in session;
}
