/**
 * The words of a command as a shell would split them: at spaces, outside of single and double quotes, a backslash taking
 * the next character as it is. Nothing is expanded, and no shell runs.
 */
export function commandWords(command: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (const [part, single, double, escaped, space] of command.matchAll(
    /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|(\s+)|[^\s'"\\]+|['"\\]/gs,
  )) {
    if (space !== undefined) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + (single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? part);
    }
  }
  return word === undefined ? words : [...words, word];
}
