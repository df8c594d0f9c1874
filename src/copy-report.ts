import type { CopyReport } from './events.ts';
import type { Copy } from './seams/provider.ts';

/** What reports say of a copy: how it was made, how large it is, how long it took. */
export function copyReport({ id, label, way, bytes, ms }: Copy): CopyReport {
  return { id, label, way, bytes, ms };
}
