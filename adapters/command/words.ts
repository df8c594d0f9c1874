import { commandWords } from '../../src/checks/command-words.ts';
import { shellWord } from '../../src/shell-word.ts';

/** The words of a command, given as a text or as they are. */
export function wordsOf(command: string | readonly string[]): readonly string[] {
  return typeof command === 'string' ? commandWords(command) : command;
}

/** As it can be typed: the name of the migration. */
export function nameOf(words: readonly string[]): string {
  return words.map(shellWord).join(' ');
}
