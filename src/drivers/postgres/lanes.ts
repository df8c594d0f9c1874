import type { Connection, Session } from '../../seams/driver.ts';
import type { Target } from '../../seams/target.ts';
import { safeWords } from './safe-words.ts';
import { fixSettings } from './settings.ts';
import { closed, type Open } from './side-session.ts';

/** A connection to each of two databases, in a transaction that only reads, under fixed settings. */
export interface Both {
  readonly before: Connection;
  readonly after: Connection;
}

/** Two databases, each as it was at one moment, read over as many pairs of connections as it is worth. */
export interface Lanes extends AsyncDisposable {
  readonly first: Both;
  /** Opens more, up to so many in all. Where a server has no room for them it goes on with those that there are. */
  widen(count: number): Promise<void>;
  /** Does the work for each item, in their order, on whichever lane is free; the answers are in that order. */
  each<Item, Answer>(
    items: readonly Item[],
    work: (both: Both, item: Item) => Promise<Answer>,
  ): Promise<readonly Answer[]>;
  /** What did not go as it should have, in words. */
  readonly notes: readonly string[];
}

/** `held`: a session that sees the state before already, for the first lane; it stays open. */
export async function openLanes(before: Target, after: Target, open: Open, held?: Connection): Promise<Lanes> {
  const lanes: Both[] = [];
  const notes: string[] = [];
  const close = async (connection: Connection): Promise<void> => {
    if (connection !== held) await closed(connection);
  };
  const add = async (old: Connection, moment?: string): Promise<void> => {
    try {
      lanes.push({ before: old, after: await sessionAt(after, open, moment) });
    } catch (error) {
      await close(old);
      throw error;
    }
  };
  await add(held ?? (await sessionAt(before, open)));
  const [first] = lanes as [Both];
  return {
    first,
    notes,
    async widen(count) {
      if (count <= lanes.length) return;
      try {
        const [was, is] = [await momentIn(first.before), await momentIn(first.after)];
        while (lanes.length < count) await add(await sessionAt(before, open, was), is);
      } catch (error) {
        notes.push(
          `Tables were read over ${lanes.length} of ${count} connections, which takes longer: ${safeWords(error)}`,
        );
      }
    },
    async each<Item, Answer>(items: readonly Item[], work: (both: Both, item: Item) => Promise<Answer>) {
      const answers: Answer[] = [];
      const left = items.entries();
      await Promise.all(
        lanes.map(async (both) => {
          for (const [at, item] of left) answers[at] = await work(both, item);
        }),
      );
      return answers;
    },
    async [Symbol.asyncDispose]() {
      // Closing ends the transactions.
      for (const both of lanes) await Promise.all([close(both.before), closed(both.after)]);
    },
  };
}

/** `moment`: a snapshot that another session has exported. */
async function sessionAt(target: Target, open: Open, moment?: string): Promise<Connection> {
  const connection = await open(target);
  try {
    await hold(connection, moment);
    return connection;
  } catch (error) {
    await closed(connection);
    throw error;
  }
}

/** From here on the session sees what is committed now, or what is seen at that moment. */
export async function hold(session: Session, moment?: string): Promise<void> {
  await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  if (moment !== undefined) await session.query(`SET TRANSACTION SNAPSHOT '${moment.replaceAll("'", "''")}'`);
  // Sorting is the work of it.
  await session.query(`SELECT set_config('work_mem', '64MB', true)`);
  await fixSettings(session);
}

async function momentIn(connection: Connection): Promise<string> {
  const [row] = await connection.query('SELECT pg_export_snapshot() AS moment');
  return String(row?.['moment']);
}
