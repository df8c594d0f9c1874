import { z } from 'zod';
import { ForerunError } from '../../error.ts';
import type { Row, Session } from '../../seams/driver.ts';
import type { ServerSession } from '../postgres/session.ts';
import { ensureTable, hasTable } from './records.ts';

/**
 * Which VM main is in: a row of `forerun.vers_main` for each database of a VM's server, beside the records of copies, where
 * every deployer reads it. A stored format. Only a hand-over writes it: where there is none, the configuration is believed.
 */
export interface Generation {
  readonly format: 1;
  readonly main: string;
  /** The VM that the row is in. A copy carries it along, so that one that names another VM is no more than a memory. */
  readonly vm: string;
  /** How many VMs main was in before. */
  readonly generation: number;
  /**
   * `fenced`: nobody may connect to main, as its successor is about to take over. `superseded`: nobody may connect any more,
   * and `other` is main.
   */
  readonly state: 'main' | 'fenced' | 'superseded';
  /** The successor; of a main, the VM that it took over from. */
  readonly other: string;
  /** Who is at it. */
  readonly by: string;
  /** Whether whoever uses main was moved to it. */
  readonly handedOver: boolean;
  readonly at: string;
}

const shape: z.ZodType<Generation> = z.object({
  format: z.literal(1),
  main: z.string(),
  vm: z.string(),
  generation: z.number(),
  state: z.enum(['main', 'fenced', 'superseded']),
  other: z.string(),
  by: z.string(),
  handedOver: z.boolean(),
  at: z.string(),
});

const table = 'forerun.vers_main';

export async function readGeneration(session: Session, main: string): Promise<Generation | undefined> {
  if (!(await hasTable(session, table))) return undefined;
  const [row] = await session.query(`SELECT state FROM ${table} WHERE main = $1`, [main]);
  if (row === undefined) return undefined;
  const found = shape.safeParse(row['state']);
  if (found.success) return found.data;
  throw new ForerunError('PROVIDER_FAILED', `Which VM "${main}" is in was written by a later Forerun.`, {
    details: {},
    next: 'Take that one.',
  });
}

/** Answers the ids of the transactions that it took. */
export async function writeGeneration(session: ServerSession, one: Generation): Promise<readonly bigint[]> {
  const making = await ensureTable(session, table, '(main text PRIMARY KEY, state jsonb NOT NULL)');
  const [row] = await session.query(
    `INSERT INTO ${table} (main, state) VALUES ($1, $2::jsonb)
    ON CONFLICT (main) DO UPDATE SET state = excluded.state
    RETURNING pg_current_xact_id()::text AS xid`,
    [one.main, JSON.stringify(one)],
  );
  return [...making, ...xidOf(row)];
}

/** Changes the row only where it is still that of `one`: whoever took over from a process that was cut off has changed it. */
export async function moveOn(session: Session, one: Generation, next: Generation | undefined): Promise<boolean> {
  const where = "WHERE main = $1 AND state->>'by' = $2 AND state->>'state' = $3";
  const sql =
    next === undefined
      ? `DELETE FROM ${table} ${where} RETURNING 1`
      : `UPDATE ${table} SET state = $4::jsonb ${where} RETURNING 1`;
  const params = [one.main, one.by, one.state, ...(next === undefined ? [] : [JSON.stringify(next)])];
  return (await session.query(sql, params)).length > 0;
}

/** In a copy, which is main of nobody. */
export async function forgetGenerations(session: Session): Promise<void> {
  if (await hasTable(session, table)) await session.query(`DELETE FROM ${table}`);
}

function xidOf(row: Row | undefined): readonly bigint[] {
  return row === undefined ? [] : [BigInt(String(row['xid']))];
}

/** Throws where the configuration names another VM than the one that main is in. */
export function refuseOther(vm: string, found: Generation | undefined): void {
  const refused = refusalOfOther(vm, found);
  if (refused !== undefined) throw refused;
}

export function refusalOfOther(vm: string, found: Generation | undefined): ForerunError | undefined {
  if (found === undefined || (found.state === 'main' && found.vm === vm)) return undefined;
  const { main, state, other, generation, at } = found;
  if (state === 'fenced') {
    return new ForerunError(
      'PROVIDER_FAILED',
      `"${main}" in VM ${vm} is being handed over to VM ${other}, since ${at}.`,
      {
        details: {},
        next: 'Wait until that has ended. Where whoever began it has died, the next run clears it up: forerun up --safe',
      },
    );
  }
  const now = state === 'main' ? found.vm : other;
  return new ForerunError(
    'CONFIG',
    `VM ${vm} is main no more: since ${at} main is VM ${now}${state === 'main' ? ` (number ${generation} after the first)` : ''}.`,
    {
      details: { keys: ['provider'] },
      next: `Write that VM into the configuration, provider: vers({ vm: '${now}' }), and give an address that leads there: vers tunnel ${now} <port>:5432`,
    },
  );
}
