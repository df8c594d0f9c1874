import type { Connection } from '../../seams/driver.ts';
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

export async function openLanes(before: Target, after: Target, open: Open): Promise<Lanes> {
  const lanes: Both[] = [];
  const notes: string[] = [];
  const add = async (moments?: Moments): Promise<void> => {
    const old = await sessionAt(before, open, moments?.before);
    try {
      lanes.push({ before: old, after: await sessionAt(after, open, moments?.after) });
    } catch (error) {
      await closed(old);
      throw error;
    }
  };
  await add();
  const [first] = lanes as [Both];
  return {
    first,
    notes,
    async widen(count) {
      if (count <= lanes.length) return;
      try {
        const moments = { before: await momentIn(first.before), after: await momentIn(first.after) };
        while (lanes.length < count) await add(moments);
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
      for (const both of lanes) await Promise.all([closed(both.before), closed(both.after)]);
    },
  };
}

interface Moments {
  readonly before: string;
  readonly after: string;
}

/** `moment`: a snapshot that another session has exported. */
async function sessionAt(target: Target, open: Open, moment: string | undefined): Promise<Connection> {
  const connection = await open(target);
  try {
    await connection.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    if (moment !== undefined) await connection.query(`SET TRANSACTION SNAPSHOT '${moment.replaceAll("'", "''")}'`);
    // Sorting is the work of it.
    await connection.query(`SELECT set_config('work_mem', '64MB', true)`);
    await fixSettings(connection);
    return connection;
  } catch (error) {
    await closed(connection);
    throw error;
  }
}

async function momentIn(connection: Connection): Promise<string> {
  const [row] = await connection.query('SELECT pg_export_snapshot() AS moment');
  return String(row?.['moment']);
}
