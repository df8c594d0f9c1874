import { schemaDiff } from '../schema-diff.ts';
import type { Run } from '../run-log.ts';
import type { Told } from '../seams/driver.ts';
import type { DownEvidence, Evidence, StatementEvidence } from '../seams/evidence.ts';
import type { Branch } from '../seams/provider.ts';
import type { Apply, Attempt, Direction, Migration } from '../seams/source.ts';
import { isForerunError } from '../error.ts';
import { hold, type Held } from './held.ts';
import { isEnvironment, recordHistory, type ApplyOptions } from './apply.ts';
import { failureOf } from './failure.ts';
import { discardOrSay } from '../tidy.ts';
import { tablesInDoubt } from '../with-comparison.ts';
import { differs, inWords } from './row-words.ts';

/** Tries each migration's down on a branch of the branch: up, down, compare with the state before, up again. */
export interface ReverseTest extends AsyncDisposable {
  /**
   * Call before the migration is applied to the branch itself, which is the state that the down must bring back.
   * Undefined where there is no down, or where the up ends its transaction: the branch itself will tell of that.
   */
  test(migration: Migration): Promise<DownEvidence | undefined>;
}

/**
 * The branch of the branch is kept in step with it: after up, down and up again it stands where the branch will stand,
 * so one copy serves all migrations for as long as every down is an exact inverse. Otherwise the next test takes a new
 * one.
 */
export function reverseTest(run: Run, branch: Branch, held: Held, { direction, alone }: ApplyOptions): ReverseTest {
  let scratch: Scratch | undefined;
  const discard = async (): Promise<void> => {
    await scratch?.held[Symbol.asyncDispose]();
    if (scratch !== undefined) await discardOrSay(run, scratch.branch);
    scratch = undefined;
  };
  return {
    async test(migration) {
      const inPart = run.middle?.migration === migration.name;
      if (direction !== 'up' || migration.down === undefined || inPart) {
        if (inPart && migration.down !== undefined) {
          run.note('reversible', 'Its down was not tried: it is on main in part already.', migration.name);
        }
        await discard();
        return undefined;
      }
      scratch ??= await newScratch(run, branch, held);
      const evidence = await upDownUp(run, branch, scratch, migration, migration.down, alone.has(migration.name));
      const exact = evidence?.fails === undefined && evidence?.restoresSchema && evidence.restoresData;
      if (!exact) await discard();
      return evidence;
    },
    [Symbol.asyncDispose]: discard,
  };
}

interface Scratch {
  readonly branch: Branch;
  readonly held: Held;
}

async function newScratch(run: Run, from: Branch, held: Held): Promise<Scratch> {
  const { provider } = run.setup;
  await held.letGo();
  const branch = await provider.branch(from, { label: `${run.id}-down`, run: run.id, signal: run.signal });
  return { branch, held: hold(run.setup, branch) };
}

async function upDownUp(
  run: Run,
  before: Branch,
  scratch: Scratch,
  migration: Migration,
  down: Apply,
  alone: boolean,
): Promise<DownEvidence | undefined> {
  const { driver } = run.setup;
  const observer = await scratch.held.observer();
  const { target } = scratch.branch;
  const schemaBefore = await scratch.held.ask((session) => driver.schema(session));
  await observer.begin(migration.text);
  const statements: StatementEvidence[] = [];
  const attempt = (direction: Direction): Attempt => ({
    alone,
    run: run.id,
    main: run.setup.main,
    signal: run.signal,
    afterBegin: async () => {},
    beforeCommit: (session) => recordHistory(run, session, migration, direction),
    statement: (evidence) => statements.push(evidence),
    note: () => {},
  });
  let doing = 'its up';
  try {
    await migration.up(target, attempt('up'));
    doing = 'its down';
    await down(target, attempt('down'));
    doing = 'its up, again after its down,';
    // Before anything else is asked of the branch: a session at work there may be the migration's.
    const observed = await observer.finish(migration.language === 'sql' ? statements : undefined, true);
    const schemaNow = await scratch.held.ask((session) => driver.schema(session));
    const schema = schemaDiff(schemaBefore, schemaNow);
    const unsure = observed.needsComparison !== undefined;
    // The branch itself still is what it was.
    const exact = unsure ? await driver.compare(before.target, target, writtenIn(observed)) : observed;
    const notes = new Set([...(observed.notes ?? []), ...(exact.notes ?? [])]);
    for (const note of notes) run.note('reversible', note, migration.name);
    const unseen = new Map(
      [...(observed.rowsUnseen ?? []), ...(exact.rowsUnseen ?? [])].map(({ table, why }) => [table, why]),
    );
    const data = [
      ...(exact.tables ?? []).filter(differs).map(inWords),
      ...[...unseen].map(([table, why]) => `the rows of ${table} cannot be compared, because ${why}`),
    ];
    await migration.up(target, attempt('up'));
    return {
      restoresSchema: schema.length === 0,
      restoresData: data.length === 0,
      ...(schema.length + data.length === 0
        ? {}
        : { differences: [...schema.map(({ object, change }) => `${object} is ${change}`), ...data] }),
    };
  } catch (error) {
    run.signal.throwIfAborted();
    if (isEnvironment(error)) throw error;
    if (isForerunError(error, 'TRANSACTION_ESCAPED')) return undefined;
    const { message, where } = failureOf(run, migration, error);
    return {
      restoresSchema: false,
      restoresData: false,
      fails: `${doing} does not run: ${message}`,
      ...(where === undefined ? {} : { where }),
    };
  }
}

/** Of the other tables the counters prove that nobody wrote them. */
function writtenIn(evidence: Evidence): Told {
  const names = (evidence.tables ?? []).flatMap(({ table, renamedFrom }) => [table, renamedFrom ?? table]);
  const doubts = tablesInDoubt(evidence);
  return doubts === undefined ? {} : { tables: [...names, ...doubts] };
}
