import { copyReport } from '../copy-report.ts';
import type { Run } from '../run-log.ts';
import type { Checkpoint } from '../seams/provider.ts';
import type { Migration } from '../seams/source.ts';

/** Commits a checkpoint of main, named after the migration that comes next. */
export async function checkpointMain(run: Run, next: readonly Migration[]): Promise<Checkpoint> {
  const { provider, main } = run.setup;
  const migration = next[0]?.name ?? run.id;
  const explained = run.explained ? undefined : await provider.explain?.(main);
  run.explained = true;
  if (explained !== undefined) run.tell(explained);
  const checkpoint = await run.phase('checkpoint', migration, () =>
    provider.checkpoint(main, { label: migration, run: run.id, signal: run.signal, waiting: run.tell }),
  );
  run.emit({ type: 'copy:made', kind: 'checkpoint', copy: copyReport(checkpoint), migration });
  return checkpoint;
}
