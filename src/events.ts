import type { Drift } from './plan.ts';
import type { Finding } from './gate.ts';
import type { Evidence, Where } from './seams/evidence.ts';
import type { Direction } from './seams/source.ts';

/** A copy, as reports speak of it. */
export interface CopyReport {
  readonly id: string;
  readonly label: string;
  readonly way: string;
  readonly bytes: number;
  readonly ms: number;
}

export interface MigrationReport {
  readonly version: string;
  readonly name: string;
  readonly checksum: string;
}

export type Phase = 'lock' | 'recover' | 'plan' | 'checkpoint' | 'branch' | 'rehearse' | 'check' | 'promote' | 'tidy';

/** Everything that a run says while it goes on. Reports are made from these alone. */
export type Event =
  | {
      readonly type: 'run:started';
      readonly run: string;
      readonly verb: string;
      readonly safe: boolean;
      readonly database: string;
      readonly provider: string;
      readonly source: string;
      readonly at: string;
    }
  | { readonly type: 'phase:started'; readonly phase: Phase; readonly subject?: string; readonly at: string }
  | {
      readonly type: 'phase:finished';
      readonly phase: Phase;
      readonly subject?: string;
      readonly ms: number;
      /** Whether what was looked at is not as it should be. @default false */
      readonly failing?: true;
    }
  | { readonly type: 'lock:waiting'; readonly holder?: string }
  | { readonly type: 'told'; readonly message: string }
  | {
      readonly type: 'planned';
      readonly pending: readonly MigrationReport[];
      readonly applied: number;
      readonly drift: readonly Drift[];
    }
  | {
      readonly type: 'copy:made';
      readonly kind: 'checkpoint' | 'branch';
      readonly copy: CopyReport;
      readonly migration?: string;
    }
  | { readonly type: 'copy:discarded'; readonly copy: string }
  | {
      readonly type: 'rehearsed';
      readonly migration: string;
      readonly branch: string;
      readonly ms: number;
      readonly shared: boolean;
      readonly evidence: Evidence;
      readonly findings: readonly Finding[];
    }
  | { readonly type: 'promoting'; readonly migration: string; readonly how: Promotion | null }
  /** A migration that shares no transaction with its history row has begun to change main. */
  | { readonly type: 'unprotected'; readonly migration: string }
  | {
      readonly type: 'promoted';
      readonly migration: string;
      readonly how: Promotion | null;
      readonly direction: Direction;
      readonly ms: number;
      readonly checkpoint?: string;
    }
  | { readonly type: 'rolled-back'; readonly migration: string; readonly finding: Finding }
  | { readonly type: 'finding'; readonly finding: Finding }
  | { readonly type: 'run:finished'; readonly outcome: Outcome; readonly error?: ErrorReport; readonly ms: number };

/** How a migration came to main; null where nothing was rehearsed. */
export type Promotion = 'replay' | 'swap' | 'journalled';

export type Outcome =
  | 'promoted'
  | 'passed'
  | 'nothing-pending'
  | 'blocked'
  | 'rolled-back'
  | 'partly-promoted'
  | 'interrupted'
  | 'needs-person'
  | 'failed';

export interface ErrorReport {
  readonly code: string;
  readonly message: string;
  readonly next?: string;
  /** Name of the migration that it is about. */
  readonly migration?: string;
  /** The place that the error is about. */
  readonly where?: Where;
  /** For `--verbose` alone. */
  readonly stack?: string;
}

/** Watches a run. What it throws is noted after the run and never stops it. */
export type Listener = (event: Event) => void;
