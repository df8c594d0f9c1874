import { statementsOf } from './statements.ts';

/** The statements of a script, each with the text between it and the one before: its comments. */
export function commentedStatements(script: string): readonly { readonly sql: string; readonly comment: string }[] {
  let end = 0;
  return statementsOf(script).map(({ sql }) => {
    const start = script.indexOf(sql, end);
    const comment = script.slice(end, start);
    end = start + sql.length;
    return { sql, comment };
  });
}
