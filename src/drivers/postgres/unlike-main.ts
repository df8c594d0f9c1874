import { size } from '../../reports/quantities.ts';
import type { Session } from '../../seams/driver.ts';

/** What decides how long work takes on a server, besides its machine. */
export interface Circumstances {
  /** As the server calls it. */
  readonly version: string;
  /** Of the whole database. */
  readonly bytes: number;
  /** As a session has them that was just opened; without those that its version does not know. */
  readonly settings: Readonly<Record<string, string>>;
}

/** One query. */
export async function circumstancesOf(session: Session): Promise<Circumstances> {
  const [row] = await session.query(
    `SELECT current_setting('server_version') AS version, pg_database_size(current_database())::float8 AS bytes,
            (SELECT json_object_agg(name, value)::text FROM (SELECT name, current_setting(name, true) AS value FROM unnest($1::text[]) AS name) AS s
              WHERE value IS NOT NULL) AS settings`,
    [telling],
  );
  return {
    version: String(row?.['version']),
    bytes: Number(row?.['bytes']),
    settings: JSON.parse(String(row?.['settings'])) as Record<string, string>,
  };
}

/** Each difference as a clause. */
export function unlikeMain(main: Circumstances, branch: Circumstances): readonly string[] {
  const settings = telling.flatMap((name) => {
    const [there, here] = [main.settings[name], branch.settings[name]];
    return there === undefined || here === undefined || there === here
      ? []
      : [`${name} is ${there} on main and ${here} on the branch`];
  });
  return [
    ...(main.version === branch.version
      ? []
      : [`main is PostgreSQL ${main.version} and the branch PostgreSQL ${branch.version}`]),
    ...sizes(main.bytes, branch.bytes),
    ...settings,
  ];
}

/** A database that was restored from a dump has no dead rows, and indexes without gaps. */
function sizes(main: number, branch: number): readonly string[] {
  const apart = Math.abs(main - branch);
  if (apart < leastBytes || apart < main * leastShare) return [];
  const why = branch < main ? ' (what is dead or free in files does not come along in a dump)' : '';
  return [`main has ${size(main)} and the branch ${size(branch)}${why}`];
}

const leastBytes = 10_000_000;
const leastShare = 0.1;

const telling: readonly string[] = [
  'shared_buffers',
  'effective_cache_size',
  'work_mem',
  'hash_mem_multiplier',
  'maintenance_work_mem',
  'temp_buffers',
  'max_worker_processes',
  'max_parallel_workers',
  'max_parallel_workers_per_gather',
  'max_parallel_maintenance_workers',
  'jit',
  'random_page_cost',
  'seq_page_cost',
  'effective_io_concurrency',
  'maintenance_io_concurrency',
  'io_method',
  'fsync',
  'full_page_writes',
  'synchronous_commit',
  'wal_level',
  'wal_compression',
  'max_wal_size',
  'checkpoint_timeout',
  'autovacuum',
];
