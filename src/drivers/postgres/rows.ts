import type { Row, Session } from '../../seams/driver.ts';
import { hasCode } from './settings.ts';

/**
 * Streams the rows of a query in constant memory, by a cursor. Outside a transaction it is in one of its own until the
 * last row was read; statements that are run meanwhile on the same session share it. What no cursor can read (SHOW,
 * EXPLAIN, RETURNING) is read at once.
 */
export async function* rowsByCursor(session: Session, sql: string, params: readonly unknown[]): AsyncIterable<Row> {
  const own = !(await isInTransaction(session));
  if (own) await session.query('BEGIN');
  const cursor = `forerun_rows_${(made += 1)}`;
  let failed = false;
  try {
    if (await declare(session, cursor, sql, params)) {
      for (;;) {
        const rows = await session.query(`FETCH ${together} FROM ${cursor}`);
        yield* rows;
        if (rows.length < together) break;
      }
    } else {
      yield* await session.query(sql, params);
    }
  } catch (error) {
    failed = true;
    throw error;
  } finally {
    // The first error is what is to be told.
    if (failed) await (own ? session.query('ROLLBACK').catch(() => {}) : undefined);
    else await session.query(own ? 'COMMIT' : `CLOSE ${cursor}`);
  }
}

let made = 0;
const together = 500;

async function isInTransaction(session: Session): Promise<boolean> {
  try {
    await session.query('SAVEPOINT forerun_asking');
  } catch (error) {
    if (hasCode(error, '25P01')) return false;
    throw error;
  }
  await session.query('RELEASE SAVEPOINT forerun_asking');
  return true;
}

/** False for a statement that a cursor does not take. */
async function declare(session: Session, cursor: string, sql: string, params: readonly unknown[]): Promise<boolean> {
  await session.query('SAVEPOINT forerun_declaring');
  try {
    await session.query(`DECLARE ${cursor} NO SCROLL CURSOR FOR ${sql.replace(/;\s*$/, '')}`, params);
    return true;
  } catch (error) {
    await session.query('ROLLBACK TO SAVEPOINT forerun_declaring');
    if (hasCode(error, '42601') || hasCode(error, '0A000')) return false;
    throw error;
  } finally {
    await session.query('RELEASE SAVEPOINT forerun_declaring');
  }
}
