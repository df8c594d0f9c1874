import { fingerprint } from '../checksum.ts';
import { ForerunError } from '../error.ts';
import type { Run } from '../run-log.ts';
import type { Migration } from '../seams/source.ts';

/** Notices a migration that ignores its context and changes main while it is rehearsed (I5). */
export interface MainWatch extends AsyncDisposable {
  /** Throws `NEEDS_PERSON` where the migration certainly changed main, and says so where that cannot be told. */
  verify(migration: Migration): Promise<void>;
}

/** Only code can go astray; what a script does is in its text. */
export async function watchMain(run: Run, migrations: readonly Migration[]): Promise<MainWatch> {
  const { driver, main } = run.setup;
  const watch = migrations.some((migration) => migration.language === 'code') ? await driver.watch?.(main) : undefined;
  if (watch === undefined) return { verify: async () => {}, async [Symbol.asyncDispose]() {} };
  let schema = await mainFingerprint(run);
  return {
    async verify(migration) {
      if (!(await watch.moved()) || migration.language !== 'code') return;
      const now = await mainFingerprint(run);
      if (now !== schema || (await watch.shared()) === false) {
        run.inDoubt = true;
        throw changedMain(run, migration, now !== schema);
      }
      schema = now;
      run.note(
        'isolation',
        'Main was written while this migration was rehearsed. Another process has it open, so that may have been the application; that it was not the migration cannot be proved.',
        migration.name,
      );
    },
    [Symbol.asyncDispose]: () => watch[Symbol.asyncDispose](),
  };
}

async function mainFingerprint(run: Run): Promise<string> {
  await using connection = await run.setup.driver.open(run.setup.main);
  return fingerprint(await run.setup.driver.schema(connection));
}

function changedMain(run: Run, migration: Migration, schema: boolean): ForerunError<'NEEDS_PERSON'> {
  return new ForerunError(
    'NEEDS_PERSON',
    `${migration.name} changed ${schema ? "main's schema" : 'data on main'} while it was rehearsed on a branch: it does not use the context it is given.`,
    {
      details: { migration: migration.name },
      next: `Look at what it wrote to ${run.setup.main.url}; "forerun checkpoints" lists the state before it. Then make the migration use its context.`,
    },
  );
}
