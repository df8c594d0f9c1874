import { ForerunError, isForerunError, messageOf } from '../error.ts';
import type { Run } from '../run-log.ts';
import { differencesInWords } from '../schema-words.ts';
import type { Schema, Watch } from '../seams/driver.ts';
import type { Checkpoint } from '../seams/provider.ts';
import type { Migration } from '../seams/source.ts';
import { differs, inWords } from './row-words.ts';

/** Notices a migration, or a check, that ignores what it is given and changes main while it is rehearsed (I5). */
export interface MainWatch extends AsyncDisposable {
  /** Throws `NEEDS_PERSON` where what ran certainly changed main, and says so where that cannot be told. */
  verify(ran: Migration | 'checks'): Promise<void>;
}

/** Only code can go astray; what a script does is in its text. */
export async function watchMain(
  run: Run,
  migrations: readonly Migration[],
  { base, leavesNothing }: { readonly base?: { readonly checkpoint: Checkpoint }; readonly leavesNothing: boolean },
): Promise<MainWatch> {
  const { driver, main, checks } = run.setup;
  const needed = checks.length > 0 || migrations.some((migration) => migration.language === 'code');
  const watch = needed ? await driver.watch?.(main) : undefined;
  if (watch === undefined) return { verify: async () => {}, async [Symbol.asyncDispose]() {} };
  let schema = await mainSchema(run);
  return {
    async verify(ran) {
      const look = `forerun diff ${run.suspects.before ?? base?.checkpoint.id ?? '<checkpoint>'} main`;
      const culprit: Culprit =
        ran === 'checks'
          ? { name: 'a check', look, remedy: 'make the check use the database variable.' }
          : {
              name: ran.name,
              migration: ran.name,
              look,
              remedy: `make the migration use its context, or the address in ${run.setup.databaseVariable}.`,
            };
      const now = await changedSchema(run, culprit, watch);
      if (now === undefined) return;
      const before = schema;
      schema = now;
      if (ran !== 'checks' && ran.language === 'sql') return;
      // If it was no application after all, what it did can be undone from a checkpoint alone.
      run.inDoubt = true;
      const changes = differencesInWords(before, now, { added: 'new', removed: 'gone', changed: 'changed' });
      if (changes !== '' || (await watch.shared()) === false)
        throw changedMain(run, culprit, changes, await rowsText(run, base?.checkpoint, watch));
      // A swap whose main was written meanwhile rehearses on a newer checkpoint, and is in doubt no more once it is done.
      if (!leavesNothing && run.suspects.before === undefined && base !== undefined) {
        run.suspects.before = base.checkpoint.id;
        run.waysBack.add(base.checkpoint.id);
      }
      // It may run more than once.
      const { told } = run.suspects;
      if (told.has(culprit.name)) return;
      told.add(culprit.name);
      run.note(
        'isolation',
        `Main was written, or may have been, while ${ran === 'checks' ? 'the checks ran' : 'this migration was rehearsed'}. Somebody else has it open, so that may have been the application; that it was not ${ran === 'checks' ? 'a check' : 'the migration'} cannot be proved.${countsText(watch)}${leavesNothing || run.suspects.before === undefined ? '' : ` See what was written: ${look}. The checkpoint is kept for that.`}`,
        culprit.migration,
      );
    },
    [Symbol.asyncDispose]: () => watch[Symbol.asyncDispose](),
  };
}

/** Who knows what the application writes can tell by it whose it was. */
function countsText({ written }: Watch): string {
  const counts = [...(written?.() ?? [])].map(([table, rows]) => `${rows} ${rows === 1 ? 'row' : 'rows'} of ${table}`);
  return counts.length === 0 ? '' : ` Written as far as is counted: ${counts.join(', ')}.`;
}

/** Where the engine counts nothing, the checkpoint has what main was. */
async function rowsText({ setup }: Run, before: Checkpoint | undefined, watch: Watch): Promise<string> {
  if (watch.written !== undefined) return countsText(watch);
  if (before === undefined || (before.dormant ?? false)) return '';
  try {
    const { tables = [] } = await setup.driver.compare(before.target, setup.main);
    const words = tables.filter(differs).map(inWords);
    return words.length === 0 ? '' : ` On main now: ${words.join(', ')}.`;
  } catch {
    return '';
  }
}

/** Whatever ran on the branch right before main was found changed. */
interface Culprit {
  readonly name: string;
  readonly migration?: string;
  /** The command that shows what was written. */
  readonly look: string;
  readonly remedy: string;
}

/** The schema that main has now, where anybody committed to it. */
async function changedSchema(run: Run, culprit: Culprit, watch: Watch): Promise<Schema | undefined> {
  try {
    return (await watch.moved()) ? await mainSchema(run) : undefined;
  } catch (error) {
    if (run.signal.aborted || isForerunError(error, 'LOCKED')) throw error;
    run.inDoubt = true;
    throw unreadableMain(run, culprit, error);
  }
}

async function mainSchema(run: Run): Promise<Schema> {
  await using connection = await run.setup.driver.open(run.setup.main);
  return await run.setup.driver.schema(connection);
}

function unreadableMain(run: Run, { name, migration, remedy }: Culprit, cause: unknown): ForerunError<'NEEDS_PERSON'> {
  return new ForerunError(
    'NEEDS_PERSON',
    `Main cannot be read any more, after ${name} ran on a branch: ${messageOf(cause)}`,
    {
      details: migration === undefined ? {} : { migration },
      next: `Look at ${run.setup.main.url}; "forerun checkpoints" lists the state before it. If it did that, ${remedy}`,
      cause,
    },
  );
}

function changedMain(
  run: Run,
  { name, migration, look, remedy }: Culprit,
  changes: string,
  rows: string,
): ForerunError<'NEEDS_PERSON'> {
  const what =
    changes === '' ? 'main was written, and no other program has it open' : `main's schema was changed (${changes})`;
  return new ForerunError(
    'NEEDS_PERSON',
    `While ${name} ran on a branch, ${what}: it does not use what it is given, or somebody else did that who has left since.${rows}`,
    {
      details: migration === undefined ? {} : { migration },
      next: `See what was written to ${run.setup.main.url}: ${look}. If it was somebody else, run again. If not, ${remedy}`,
    },
  );
}
