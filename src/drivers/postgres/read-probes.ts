import { quoteTable } from './names.ts';
import { hasCode } from './settings.ts';

/** A session that waits as a reader would. */
export interface Probe {
  readonly pid: number;
  /** Several statements at once; answers the rows of the last. */
  run(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  close(): Promise<void>;
}

export interface ReadWait {
  readonly relation: number;
  /** When a reader was let in, by the server's clock in milliseconds. */
  readonly until: number;
}

/**
 * Readers of tables that are locked against reading, one session for each, some at a time. A reader waits behind nobody
 * whom the lock does not hold up already, so that it changes nothing for the migration's other sessions; a writer could.
 */
export class ReadProbes {
  readonly #open: () => Promise<Probe>;
  readonly #own: Set<number>;
  readonly #free: Probe[] = [];
  readonly #all: Probe[] = [];
  readonly #waiting = new Map<number, Promise<void>>();
  readonly #waits: ReadWait[] = [];
  #ending = false;

  /** The backends of probes are added to `own`. */
  constructor(open: () => Promise<Probe>, own: Set<number>) {
    this.#open = open;
    this.#own = own;
  }

  /** Begins to wait for a table, unless too many are waited for. */
  read(relation: number, table: string): void {
    if (this.#waiting.has(relation) || this.#waiting.size >= most) return;
    const waiting = this.#wait(relation, table)
      // It was dropped, or no more sessions are allowed: the locks that were seen tell all the same.
      .catch(() => {})
      .finally(() => this.#waiting.delete(relation));
    this.#waiting.set(relation, waiting);
  }

  async end(): Promise<readonly ReadWait[]> {
    this.#ending = true;
    await Promise.all(this.#waiting.values());
    await Promise.all(this.#all.splice(0).map((probe) => probe.close()));
    this.#free.length = 0;
    return this.#waits;
  }

  async #wait(relation: number, table: string): Promise<void> {
    const probe = this.#free.pop() ?? (await this.#connect());
    for (let at: number | undefined; at === undefined;) {
      at = await letIn(probe, table).catch(async (error: unknown) => {
        await probe.run('ROLLBACK');
        if (hasCode(error, '55P03') && !this.#ending) return undefined;
        throw error;
      });
      if (at !== undefined) this.#waits.push({ relation, until: at });
    }
    this.#free.push(probe);
  }

  async #connect(): Promise<Probe> {
    const probe = await this.#open();
    this.#own.add(probe.pid);
    this.#all.push(probe);
    return probe;
  }
}

const most = 4;

/** Looking up the table can leave a snapshot behind for as long as it waits, and CREATE INDEX CONCURRENTLY waits for that. */
const patience = '200ms';

/** When the reader was let in. Throws 55P03 where it was not for a while. */
async function letIn(probe: Probe, table: string): Promise<number> {
  const [row] = await probe.run(
    `BEGIN; SET LOCAL lock_timeout = '${patience}'; LOCK TABLE ONLY ${quoteTable(table)} IN ACCESS SHARE MODE; ROLLBACK;
     SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS at`,
  );
  return Number(row?.['at']);
}
