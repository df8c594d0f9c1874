import { ForerunError, isForerunError } from '../../src/error.ts';
import type { Session } from '../../src/seams/driver.ts';
import type { History } from '../../src/seams/records.ts';
import type { Apply, Attempt } from '../../src/seams/source.ts';
import { listed, standInsIn, watchStandIns } from './stand-ins.ts';

/** What a migration is run with. */
export interface Surrounded {
  history(session: Session): History;
  /** For each migration that was rehearsed: the stand-ins that it called. */
  readonly called: Map<string, ReadonlySet<string>>;
}

/** On a branch stand-ins answer, and it is said so; on main they refuse. */
export function applyOf(name: string, text: string, script: Apply, { history, called }: Surrounded): Apply {
  return async (target, attempt) => {
    const rehearsed = attempt.main !== undefined;
    const guarded: Attempt = {
      ...attempt,
      async afterBegin(session) {
        await attempt.afterBegin(session);
        if ((await history(session).row(name)) !== undefined) throw appliedMeanwhile(name);
      },
    };
    const run = (): Promise<void> => script(target, guarded);
    const calls = await watchStandIns(target.path ?? '', !rehearsed, run).catch((error: unknown) => {
      throw unknownFunction(error) ?? error;
    });
    if (!rehearsed) return;
    called.set(name, calls);
    for (const note of notesAbout(text, calls)) attempt.note(note);
  };
}

function* notesAbout(text: string, calls: ReadonlySet<string>): Iterable<string> {
  const named = [...standInsIn(text)].filter((one) => !calls.has(one));
  if (calls.size > 0)
    yield `Rehearsed with stand-ins for ${listed(calls)}, which it calls and only TrailBase itself can answer: Forerun does not promote it; TrailBase applies it (trail run).`;
  if (named.length > 0)
    yield `Rehearsed with stand-ins for ${listed(named)}, which it names and did not call: it is promoted by replay alone, never by a swap.`;
}

/** TrailBase knows nothing of Forerun's lock: whenever it starts, it applies what is pending. */
function appliedMeanwhile(name: string): ForerunError<'STALE_BRANCH'> {
  return new ForerunError('STALE_BRANCH', `TrailBase itself has applied ${name} in the meantime.`, {
    details: {},
    next: 'Run again: what is pending then is read anew.',
  });
}

/** The functions of TrailBase's extensions and of WASM components are known nowhere but there. */
function unknownFunction(error: unknown): ForerunError<'BAD_MIGRATION'> | undefined {
  const name =
    isForerunError(error, 'STATEMENT_FAILED') && /(?:no such|unknown) (?:function|module): /.test(error.message);
  if (!name) return undefined;
  return new ForerunError('BAD_MIGRATION', `${error.message}.`, {
    details: { where: error.details.where },
    next: 'Where TrailBase has it, from an extension or a WASM component, let TrailBase apply this migration (trail run); or give the configuration a driver that has it, too: trailbaseDriver({ setup: (database) => database.function(…) })',
    cause: error,
  });
}
