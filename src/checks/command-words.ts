/**
 * The words of a command as a shell would split them: at spaces, outside of single and double quotes, a backslash taking
 * the next character as it is. Nothing is expanded, and no shell runs.
 */
export function commandWords(command: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (const [text, single, double, escaped, space] of command.matchAll(part)) {
    if (space !== undefined) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + (single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? text);
    }
  }
  return word === undefined ? words : [...words, word];
}

/** The first thing in a command that only a shell understands: an operator, a `$`, a quote that is never closed. */
export function shellSyntax(command: string): string | undefined {
  for (const [text, single, double, escaped, space] of command.trim().matchAll(part)) {
    if (space?.includes('\n')) return 'a line break';
    if ((single ?? double ?? escaped ?? space) !== undefined) continue;
    const found = /^['"\\]$|&&|\|\||>>|<<|[&|;<>`$]/.exec(text)?.[0];
    if (found !== undefined) return found;
  }
  return undefined;
}

const part = /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|(\s+)|[^\s'"\\]+|['"\\]/gs;
