/**
 * A text for a terminal with its control characters written out: names, paths and errors may hold some, and a terminal
 * would obey them. Line breaks, tabs and colours (`ESC [ … m`) stay.
 */
export function visible(text: string): string {
  return text.replaceAll(/(\p{Cc})(\[[\d;]*m)?/gu, (all, character: string, colour: string | undefined) => {
    if (character === '\n' || character === '\t' || (character === escape && colour !== undefined)) return all;
    return `\\x${(character.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}${colour ?? ''}`;
  });
}

const escape = '\u001B';
