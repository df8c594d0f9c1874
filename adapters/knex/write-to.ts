import type { Driver, Session } from '../../src/seams/driver.ts';
import type { Attempt } from '../../src/seams/source.ts';
import type { Target } from '../../src/seams/target.ts';

/** Writes to a database what belongs to no migration, in one transaction. */
export async function writeTo(
  driver: Driver,
  target: Target,
  write: (session: Session) => Promise<void>,
  run?: string,
): Promise<void> {
  const attempt: Attempt = {
    alone: false,
    repeatable: true,
    ...(run === undefined ? {} : { run }),
    note: () => {},
    signal: new AbortController().signal,
    afterBegin: async () => {},
    beforeCommit: write,
  };
  await driver.transaction(target, attempt, async () => {});
}
