/** Stands in a new migration until its statements are written. */
export const placeholder = '-- The statements of this migration go here.';

/** Whether a text has nothing to run: only white space, comments and semicolons. */
export function isBlank(sql: string): boolean {
  return firstStatement(sql) === undefined;
}

/**
 * Offset of the first thing in a text that some engine could run. What is a comment to one and a statement to another
 * (those that begin with `#`, or with a slash, an asterisk and `!`) counts as a statement.
 */
export function firstStatement(sql: string): number | undefined {
  const gap = /[\s;]+|--[^\n]*|\/\*(?!M?!)[^]*?(?:\*\/|$)/y;
  for (let offset = 0; offset < sql.length; offset = gap.lastIndex) {
    gap.lastIndex = offset;
    if (!gap.test(sql)) return offset;
  }
  return undefined;
}
