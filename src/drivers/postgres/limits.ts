/** How long things may take, and how often they are tried. */
export interface Limits {
  /** How long a statement waits for a lock, in milliseconds; everybody else queues behind it meanwhile. */
  readonly lockTimeoutMs: number;
  /** How long a statement may run, in milliseconds; 0 is for ever. */
  readonly statementTimeoutMs: number;
  /** How often a script is begun, in all, that found a lock held or was the victim of a deadlock. */
  readonly tries: number;
}

/** As `set_config` takes them; within a transaction `local`, else for the session. */
export function limitsQuery({ lockTimeoutMs, statementTimeoutMs }: Limits, local: boolean): string {
  return `SELECT set_config('lock_timeout', '${lockTimeoutMs}', ${local}), set_config('statement_timeout', '${statementTimeoutMs}', ${local})`;
}
