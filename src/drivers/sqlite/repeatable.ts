import type { Attempt } from '../../seams/source.ts';
import { asksConnection } from './kept-scripts.ts';
import type { Script } from './script-plan.ts';
import type { Statement } from './statements.ts';

/**
 * An attempt to run a script that may be begun anew: what it tells again then, it has told. A script that sets something
 * for its connection, or asks what was written on it, is run once: both would outlive its transaction.
 */
export function repeatable(attempt: Attempt, { statements }: Script): Attempt {
  if (statements.some((statement) => isSetting(statement) || asksConnection(statement))) return attempt;
  const notes = new Set<string>();
  let told = 0;
  let now = 0;
  return {
    ...attempt,
    repeatable: true,
    async afterBegin(session) {
      now = 0;
      await attempt.afterBegin(session);
    },
    ...(attempt.statement && {
      statement(evidence) {
        now += 1;
        if (now <= told) return;
        told = now;
        attempt.statement?.(evidence);
      },
    }),
    note(message) {
      if (!notes.has(message)) attempt.note(message);
      notes.add(message);
    },
  };
}

/** Those that end with the transaction, and those whose value says what is to be read. */
const noSettings =
  /^(?:defer_foreign_keys|user_version|application_id|(?:table|index|foreign_key)_x?(?:info|list)|(?:foreign_key|integrity|quick)_check)$/;

function isSetting(statement: Statement): boolean {
  return statement.kind === 'pragma' && statement.value !== undefined && !noSettings.test(statement.pragma);
}
