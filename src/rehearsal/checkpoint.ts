import { copyReport } from '../copy-report.ts';
import type { Run } from '../run-log.ts';
import type { Checkpoint } from '../seams/provider.ts';
import type { Migration } from '../seams/source.ts';

/** Commits a checkpoint of main, named after the migration that comes next. */
export async function checkpointMain(run: Run, next: readonly Migration[]): Promise<Checkpoint> {
  const { provider, main } = run.setup;
  const migration = next[0]?.name ?? run.id;
  await chooseCopies(run);
  const checkpoint = await run.phase('checkpoint', migration, () =>
    provider.checkpoint(main, {
      label: migration,
      run: run.id,
      signal: run.signal,
      waiting: run.tell,
      note: (message) => run.note('checkpoint', message, migration),
    }),
  );
  run.emit({ type: 'copy:made', kind: 'checkpoint', copy: copyReport(checkpoint), migration });
  return checkpoint;
}

/**
 * Has the provider choose how it will copy main, where it has a choice, and says so, once a run; else has it look at what
 * it needs. Throws where there is no way: before main is claimed nothing of ours need be on it.
 */
export async function chooseCopies(run: Run): Promise<void> {
  const { provider, main } = run.setup;
  if (run.explained) return;
  run.explained = true;
  if (provider.explain === undefined) await provider.estimate(main);
  else run.tell(await provider.explain(main));
}
