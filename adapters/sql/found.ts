import type { Form } from './forms.ts';
import type { Problem } from './problem.ts';

/** One migration as the names in a folder tell of it; nothing of it has been read. */
export interface Found {
  readonly style: Form['style'] | 'folder';
  readonly version: string;
  readonly name: string;
  /** Absolute. */
  readonly up: string;
  readonly down?: string;
}

export interface Collection {
  readonly found: readonly Found[];
  readonly problems: readonly Problem[];
}
