import type { Environment } from './checks/environment.ts';
import type { Gate, Policy } from './gate.ts';
import type { Limits } from './limits.ts';
import type { Permit } from './permits.ts';
import type { Driver } from './seams/driver.ts';
import type { CheckEvidence } from './seams/evidence.ts';
import type { Provider } from './seams/provider.ts';
import type { Source } from './seams/source.ts';
import type { Target } from './seams/target.ts';

/** Everything a run needs, resolved and validated: what a configuration becomes. */
export interface Setup {
  readonly main: Target;
  readonly driver: Driver;
  readonly provider: Provider;
  readonly source: Source;
  readonly checkpoints: 'each' | 'once';
  /** Checkpoints of older runs are discarded. */
  readonly keepRuns: number;
  readonly gates: readonly Gate[];
  readonly policy: Policy;
  readonly limits: Limits;
  /** Permitted for every migration. */
  readonly permits: readonly Permit[];
  readonly checks: readonly Check[];
  /** How long a deployer waits for another one, in milliseconds. */
  readonly lockWaitMs: number;
  /** Name of the environment variable that programs read the database's address from. */
  readonly databaseVariable: string;
}

/** A question of the user's own, put to a branch that is thrown away afterwards. */
export interface Check {
  readonly name: string;
  /**
   * Throws `CONFIG` where it cannot be asked whatever the database holds: no such program, a text that is no SQL. Writes
   * nothing. Absent where nothing can be known before it is run.
   */
  prepare?(setup: Pick<Setup, 'driver' | 'main'>): Promise<void>;
  run(branch: Target, context: CheckContext): Promise<CheckAnswer>;
}

export interface CheckContext {
  readonly driver: Driver;
  readonly databaseVariable: string;
  /** For programs that it starts: by it they come to the branch, and not to main. */
  readonly environment: Environment;
  readonly when: CheckEvidence['when'];
  readonly signal: AbortSignal;
}

export interface CheckAnswer {
  readonly ok: boolean;
  /** Tail of what it printed or found, for people. */
  readonly output: string;
  readonly metrics?: Readonly<Record<string, number>>;
}
