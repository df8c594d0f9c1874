import type { Adapter } from '../src/seams/adapter.ts';
import type { Target } from '../src/seams/target.ts';
import { refuseOptions } from './command/refusals.ts';
import { commandSource } from './command/source.ts';
import type { HistoryTable } from './command/tools.ts';
import { wordsOf } from './command/words.ts';

export type { HistoryTable } from './command/tools.ts';

/** A migration tool of any kind, by the command that brings a database up. */
export interface CommandOptions {
  /**
   * The command, run without a shell in the folder of the configuration: a text, split into words as a shell would, or the
   * words. Programs of the project's own `node_modules/.bin` are found.
   */
  readonly up: string | readonly string[];
  /**
   * The environment variables that hold the address for it: of the branch in a rehearsal, of main in a promotion. They win
   * over a `.env` file for programs that read one by dotenv, which leaves alone what is set.
   * @default that of the configuration: `databaseVariable`
   */
  readonly variables?: readonly string[];
  /** The address as the command wants it: `(target) => `file:${target.path}``. @default as main's own address is written */
  readonly address?: (target: Target) => string;
  /** Where it keeps the names of what it applied. @default the table of a tool that is known, where there is one */
  readonly historyTable?: HistoryTable;
  /** How long it may run, in seconds; then it is ended. @default 3600 */
  readonly limitSeconds?: number;
}

/** The adapter, and what the command line makes of it where a command is typed behind `--`. */
export interface CommandAdapter extends Adapter {
  /** The same for another command, run in the folder where it was typed. */
  typed(words: readonly string[], cwd: string): Adapter;
}

/**
 * Makes any command a migration: it runs on a branch first, is judged there by what it did, and main becomes the branch
 * (SQLite), or the same command is run on main and its schema compared with the branch's (PostgreSQL).
 */
export function command(options: CommandOptions): CommandAdapter {
  refuseOptions(options);
  const adapter = (words: readonly string[], cwd?: string): Adapter => ({
    name: 'command',
    source: async (setup) => commandSource({ ...options, words, cwd: cwd ?? setup.root, setup }),
  });
  return { ...adapter(wordsOf(options.up)), typed: adapter };
}

/** What `up -- <command>` is: by the options of the configuration's command, where it has one. */
export function typedCommand(words: readonly string[], cwd: string, configured: unknown): Adapter {
  return isCommand(configured) ? configured.typed(words, cwd) : command({ up: words }).typed(words, cwd);
}

/** What `--adapter command` alone is: enough to look at what a tool has applied, and to say what became of a command. */
export function withoutCommand(): Adapter {
  return {
    name: 'command',
    source: async (setup) => commandSource({ words: [], cwd: setup.root, setup }),
  };
}

function isCommand(source: unknown): source is CommandAdapter {
  return typeof source === 'object' && source !== null && 'typed' in source && typeof source.typed === 'function';
}
