/**
 * Whether a file with a resolver that offers a down may have one. Umzug's resolver, and most that people write, offer a
 * down for every file and look into it when it is called; to look without running the file, its text is read: where it
 * speaks of `up` and never of `down`, outside comments and strings, there is none.
 */
export function mayHaveDown(path: string, text: string): boolean {
  if (!/\.[cm]?[jt]sx?$/.test(path)) return true;
  const code = text.replaceAll(commentsAndStrings, ' ');
  return /\bdown\b/.test(code) || !/\bup\b/.test(code);
}

const commentsAndStrings =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`/g;
