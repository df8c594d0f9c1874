import { shellSyntax } from '../../src/checks/command-words.ts';
import { whyNoProgram } from '../../src/checks/find-program.ts';
import { ForerunError } from '../../src/error.ts';
import { nearest } from '../../src/nearest.ts';
import { shellWord } from '../../src/shell-word.ts';
import type { CommandOptions } from '../command.ts';
import type { Driver, TableColumns } from '../../src/seams/driver.ts';
import type { HistoryTable, Tool } from './tools.ts';
import { nameOf, wordsOf } from './words.ts';

const known = [
  'up',
  'variables',
  'address',
  'historyTable',
  'limitSeconds',
] satisfies readonly (keyof CommandOptions)[];

/** Throws `CONFIG` for options that cannot be meant: they come from files that no compiler has seen. */
export function refuseOptions(options: CommandOptions): void {
  if (typeof options !== 'object' || options === null) throw wrong('up', 'there are no options');
  for (const key of Object.keys(options)) {
    if (known.some((name) => name === key)) continue;
    const near = nearest(key, known);
    throw wrong(key, `there is no such option${near === undefined ? '' : `; did you mean ${near}?`}`);
  }
  const { up, variables, address, historyTable, limitSeconds } = options;
  refuseUp(up);
  if (variables !== undefined && (!isWords(variables) || !variables.every((name) => /^[A-Za-z_]\w*$/.test(name))))
    throw wrong('variables', "must be a list of names of environment variables: ['DATABASE_URL']");
  if (address !== undefined && typeof address !== 'function')
    throw wrong('address', 'must be a function: (target) => `file:${target.path}`');
  if (historyTable !== undefined && !isHistoryTable(historyTable))
    throw wrong('historyTable', "must be as { table: 'schema_migrations', name: 'version' }");
  if (limitSeconds !== undefined && !(typeof limitSeconds === 'number' && limitSeconds > 0))
    throw wrong('limitSeconds', 'must be a number above 0');
}

/** A command that means something else without a shell than with one is never run. */
function refuseUp(up: unknown): void {
  if (typeof up !== 'string') {
    if (isWords(up) && up[0] !== '') return;
    throw wrong('up', "must be a command, as a text or as a list of words: 'npx dbmate up'");
  }
  const found = wordsOf(up).length === 0 ? 'no word' : shellSyntax(up);
  if (found === undefined) return;
  throw wrong('up', `is run without a shell, and has ${found} in it: ${up}`, `up: ${JSON.stringify(['sh', '-c', up])}`);
}

/** Throws `CONFIG` where there is no such program. */
export async function refuseNoProgram(words: readonly string[], cwd: string): Promise<void> {
  const why = await whyNoProgram(words[0] ?? '', cwd);
  if (why === undefined) return;
  throw new ForerunError('CONFIG', `The command "${nameOf(words)}" cannot be run. ${why}`, {
    details: { keys: ['source'] },
    next: 'Check its name and the PATH, or install it. What a shell understands needs a shell: sh -c "<line>"',
  });
}

/** Throws `NOT_REHEARSABLE` where the tool wants a file that is watched meanwhile to itself. */
export function refuseExclusive(tool: Tool | undefined, { name }: Driver): void {
  if (tool?.name !== 'Prisma' || name !== 'sqlite') return;
  throw new ForerunError(
    'NOT_REHEARSABLE',
    'Prisma locks a SQLite file for itself alone, so that nobody could see on a branch what its command does.',
    { details: {}, next: 'Have Forerun run the migrations of Prisma itself: forerun up --safe --adapter prisma' },
  );
}

/** Throws `CONFIG` where the table that the configuration names is there, without the columns that it names. */
export function refuseColumns(found: TableColumns | undefined, { name, order, version }: HistoryTable): void {
  if (found === undefined) return;
  const absent = [name, order, version].filter((column) => column !== undefined && !found.columns.includes(column));
  if (absent.length === 0) return;
  throw wrong(
    'historyTable',
    `${found.table} has no column ${absent.join(', ')}; there are: ${found.columns.join(', ')}`,
  );
}

/** Of a command that is known by its name alone. */
export function noCommand(name: string): ForerunError<'USAGE'> {
  return new ForerunError('USAGE', `${name} is known here by its name alone, and cannot be run.`, {
    details: {},
    next: `Write the command behind --: forerun up --safe -- ${name}`,
  });
}

/** What a tool has applied only the tool takes back. */
export function noDown(name: string): ForerunError<'USAGE'> {
  return new ForerunError('USAGE', `${name} was applied by a command, which alone knows its way back.`, {
    details: {},
    next: "Run the tool's own command for it, rehearsed like any other: forerun up --safe -- <command>; or go back to a checkpoint with: forerun rollback <checkpoint>",
  });
}

function isWords(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((word) => typeof word === 'string');
}

function isHistoryTable(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { table, name, order, version, ...rest } = value as Record<string, unknown>;
  const texts = [table, name, order ?? '-', version ?? '-'];
  return Object.keys(rest).length === 0 && texts.every((text) => typeof text === 'string' && text !== '');
}

function wrong(key: string, text: string, instead?: string): ForerunError<'CONFIG'> {
  return new ForerunError('CONFIG', `The options of command() are wrong: ${key}: ${text}.`, {
    details: { keys: [`source.${key}`] },
    next: instead === undefined ? `Correct ${shellWord(key)} in the configuration.` : `Have a shell run it: ${instead}`,
  });
}
