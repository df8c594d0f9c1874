import type { Session } from '../../src/seams/driver.ts';
import type { Attempt, Direction } from '../../src/seams/source.ts';
import type { Target } from '../../src/seams/target.ts';
import type { KnexProject } from './project.ts';
import { beginRecording, endRecording, nextBatch } from './record.ts';
import type { Present } from './tables.ts';

/** What is remembered from one migration to the next. */
export interface Memory {
  /** By the database: its tables, once they were seen there by a transaction that did not create them. */
  readonly tables: Map<string, Present>;
  /** By the run and the database: all migrations of a run are one batch, as with Knex. */
  readonly batches: Map<string, number>;
}

export function newMemory(): Memory {
  return { tables: new Map(), batches: new Map() };
}

/** What is written, and where. */
export interface Recording {
  readonly project: KnexProject;
  readonly memory: Memory;
  readonly main: Target;
  readonly target: Target;
  readonly name: string;
  readonly direction: Direction;
}

/** The attempt with Knex's own record in its first and last step. `isDone` tells whether that was written. */
export function recorded(recording: Recording, attempt: Attempt): { readonly attempt: Attempt; isDone(): boolean } {
  let present: Present | undefined;
  let done = false;
  return {
    isDone: () => done,
    attempt: {
      ...attempt,
      async afterBegin(session) {
        await attempt.afterBegin(session);
        present = await begin(recording, session);
      },
      async beforeCommit(session) {
        if (present !== undefined) await end(recording, present, session, attempt.run);
        await attempt.beforeCommit(session);
        done = true;
      },
    },
  };
}

/** Both steps at once, for what ran in no transaction of ours. */
export async function recordNow(recording: Recording, session: Session, run: string | undefined): Promise<void> {
  await end(recording, await begin(recording, session), session, run);
}

async function begin({ project, memory, main, target }: Recording, session: Session): Promise<Present> {
  const known = memory.tables.get(target.url);
  const found = await beginRecording(project, session, { isMain: target.url === main.url, known });
  if (found.record && found.lock) memory.tables.set(target.url, found);
  return found;
}

async function end(recording: Recording, present: Present, session: Session, run: string | undefined): Promise<void> {
  const { project, memory, main, target, name, direction } = recording;
  const key = `${run ?? ''} ${target.url}`;
  const batch = direction === 'down' ? 0 : (memory.batches.get(key) ?? (await nextBatch(present, session)));
  if (direction === 'up' && run !== undefined) memory.batches.set(key, batch);
  await endRecording(project, present, session, { name, direction, batch, isMain: target.url === main.url });
}
