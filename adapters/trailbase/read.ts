import { ForerunError, isForerunError } from '../../src/error.ts';
import type { Driver } from '../../src/seams/driver.ts';
import type { Attempt, Migration } from '../../src/seams/source.ts';
import type { Target } from '../../src/seams/target.ts';
import { readUtf8 } from '../sql/file.ts';
import type { Problem } from '../sql/problem.ts';
import { trailbaseChecksum } from './checksum.ts';
import type { Found } from './collect.ts';
import { nameOf } from './names.ts';
import { listed, standInsIn, watchStandIns } from './stand-ins.ts';

/** For each migration that was rehearsed: the stand-ins that it called. */
export type Called = Map<string, ReadonlySet<string>>;

/** Reads the file of one migration, byte for byte; reports why it cannot be. */
export function readMigration(
  found: Found,
  driver: Pick<Driver, 'script'>,
  called: Called,
  report: (problem: Problem) => void,
): Migration | undefined {
  const { file, version } = found;
  const bytes = readUtf8(file, report);
  if (bytes === undefined) return undefined;
  const name = nameOf(found);
  const text = bytes.toString('utf8');
  // To SQLite a byte order mark is white space.
  const script = driver.script(text.replace(/^\uFEFF/, ''), file);
  return {
    version: String(version),
    name,
    checksum: trailbaseChecksum(found.name, version, bytes),
    text,
    file,
    language: 'sql',
    ...(found.letter === 'U' ? { unordered: true } : {}),
    up: (target, attempt) => runWatched(name, text, called, target, attempt, () => script(target, attempt)),
  };
}

/** On a branch stand-ins answer, and it is said so; on main they refuse. */
async function runWatched(
  name: string,
  text: string,
  called: Called,
  target: Target,
  attempt: Attempt,
  run: () => Promise<void>,
): Promise<void> {
  const rehearsed = attempt.main !== undefined;
  const calls = await watchStandIns(target.path ?? '', !rehearsed, run).catch((error: unknown) => {
    throw unknownFunction(error) ?? error;
  });
  if (!rehearsed) return;
  called.set(name, calls);
  const named = [...standInsIn(text)].filter((one) => !calls.has(one));
  if (calls.size > 0)
    attempt.note(
      `Rehearsed with stand-ins for ${listed(calls)}, which it calls and only TrailBase itself can answer: Forerun does not promote it; TrailBase applies it (trail run).`,
    );
  if (named.length > 0)
    attempt.note(
      `Rehearsed with stand-ins for ${listed(named)}, which it names and did not call: it is promoted by replay alone, never by a swap.`,
    );
}

/** The functions of TrailBase's extensions and of WASM components are known nowhere but there. */
function unknownFunction(error: unknown): ForerunError<'BAD_MIGRATION'> | undefined {
  const name = isForerunError(error, 'STATEMENT_FAILED') && /^no such (?:function|module): /.test(error.message);
  if (!name) return undefined;
  return new ForerunError('BAD_MIGRATION', `${error.message}.`, {
    details: { where: error.details.where },
    next: 'Where TrailBase has it, from an extension or a WASM component, let TrailBase apply this migration (trail run); or give the configuration a driver that has it, too: trailbaseDriver({ setup: (database) => database.function(…) })',
    cause: error,
  });
}
