import { ForerunError } from '../../src/error.ts';
import type { Apply, Attempt } from '../../src/seams/source.ts';
import type { Target } from '../../src/seams/target.ts';
import { guardEnv } from '../children/guard-env.ts';
import type { Recorded } from './record.ts';
import type { Outcome } from './run.ts';
import type { Made } from './source.ts';
import { refuseExclusive } from './refusals.ts';
import { shown } from './tail.ts';
import { addressFor, type Tool } from './tools.ts';
import { nameOf } from './words.ts';

/** Runs the command on a database, and says what its tool has applied. It calls no step of a transaction: it has its own. */
export function applyCommand(
  made: Made,
  tool: Tool | undefined,
  recorded: (target: Target) => Promise<Recorded | undefined>,
): Apply {
  const { words, cwd, setup, limitSeconds = 3600 } = made;
  const { main } = setup;
  let said: string | undefined;
  return async (target, attempt) => {
    if (target.url !== main.url) refuseExclusive(tool, setup.driver);
    const before = await recorded(target);
    const env = await environmentFor(made, tool, target, attempt);
    const { runCommand } = await import('./run.ts');
    const outcome = await runCommand({
      order: { words, cwd, env },
      limitMs: limitSeconds * 1000,
      signal: attempt.signal,
      starting: async (keeper) => attempt.child?.(keeper),
    });
    attempt.signal.throwIfAborted();
    if (outcome.exitCode !== 0 || outcome.timedOut) {
      throw failed(nameOf(words), outcome, limitSeconds, [main.variable, target.variable]);
    }
    if (outcome.left > 0) attempt.note(leftText(outcome.left));
    if (outcome.escaped.length > 0) attempt.note(escapedText(outcome.escaped));
    const after = await recorded(target);
    const text = appliedText(before, after, nameOf(words)) ?? unrehearsedText(after, attempt);
    // What the rehearsal has said already is said once.
    const isRepeated = target.url === main.url && text === said;
    if (text !== undefined && !isRepeated) attempt.note(text);
    said = text;
  };
}

/** On a branch, every variable that leads to main leads to the branch; on main, sessions are to be found by their name. */
async function environmentFor(
  { setup, variables, address }: Made,
  tool: Tool | undefined,
  target: Target,
  { run }: Attempt,
): Promise<Readonly<Record<string, string | undefined>>> {
  const { driver, main, databaseVariable } = setup;
  const value = address?.(target) ?? addressFor(tool, target);
  const names = variables ?? [databaseVariable];
  const own = Object.fromEntries(names.map((name) => [name, value] as const));
  if (target.url === main.url) return { ...(run && driver.programEnv?.(run)), ...own };
  const guard = await driver.guard?.(main, target);
  if (guard === undefined) return own;
  const explanation = `Opening main was refused, because this command is rehearsed on a branch. Use the address in ${names.join(' or ')}.`;
  return { ...guard.env, ...guardEnv(guard, explanation, process.env['NODE_OPTIONS']), ...own };
}

function failed(
  name: string,
  outcome: Outcome,
  limitSeconds: number,
  addresses: readonly string[],
): ForerunError<'STATEMENT_FAILED'> {
  const tail = shown(outcome.tail, addresses);
  const printed = tail === '' ? 'It printed nothing.' : `The end of what it printed:\n${tail}`;
  const advice = outcome.tail.includes('P3005') ? notBaselined : '';
  return new ForerunError('STATEMENT_FAILED', `${name} ${howText(outcome, limitSeconds)}. ${printed}${advice}`, {
    details: { where: {} },
  });
}

/** It may be our own tables that stand in Prisma's way: these are made before a command that nobody knows to be Prisma's. */
const notBaselined = `
Prisma does not manage this database yet, and it is not empty. If all that it holds is Forerun's own, name Prisma in the command itself, so that its own table is made first: npx prisma migrate deploy. If it holds more, say what it has already: npx prisma migrate resolve --applied <migration>`;

function howText({ exitCode, signal, unstarted, timedOut }: Outcome, limitSeconds: number): string {
  if (timedOut) return `did not end within ${limitSeconds} s, and was ended`;
  if (unstarted !== undefined) return `was not run: ${unstarted}`;
  return exitCode === undefined ? `was ended by ${signal}` : `ended with exit code ${exitCode}`;
}

function leftText(left: number): string {
  return `It left ${left} ${left === 1 ? 'program' : 'programs'} running, which ${left === 1 ? 'was' : 'were'} ended.`;
}

/** Whoever leaves the group may be meant to live on, as a server does. */
function escapedText(pids: readonly number[]): string {
  return `It left what goes on by itself (process ${pids.join(', ')}), outside its group, and was not ended. If that still works on the database it was given, nobody has seen the end of it.`;
}

/** Without a rehearsal nobody has compared anything. */
function unrehearsedText(after: Recorded | undefined, { main, child }: Attempt): string | undefined {
  const isRehearsed = main !== undefined || child !== undefined;
  return isRehearsed || after === undefined ? undefined : `Nothing new stands in ${after.table}.`;
}

function appliedText(before: Recorded | undefined, after: Recorded | undefined, name: string): string | undefined {
  if (after === undefined) return undefined;
  const known = new Set((before?.rows ?? []).map((row) => row.name));
  const applied = after.rows.filter((row) => !known.has(row.name)).map((row) => row.name);
  const still = new Set(after.rows.map((row) => row.name));
  const gone = [...known].filter((one) => !still.has(one));
  const what = [
    ...(applied.length > 0 ? [`applied ${applied.join(', ')}`] : []),
    ...(gone.length > 0 ? [`took back ${gone.join(', ')}`] : []),
  ];
  return what.length === 0 ? undefined : `${after.tool ?? name} ${what.join(', and ')} (${after.table})`;
}
