import type { StatementEvidence } from '../../seams/evidence.ts';
import { loadParser, parse } from './parser.ts';
import { statementsOf, type Statement } from './statements.ts';

/** What an attempt told of its statements, read again; each keeps the place that it was told at, from 1 on. */
export async function toldScript(told: readonly StatementEvidence[]): Promise<readonly Statement[]> {
  await loadParser();
  return told.flatMap(({ sql }, at) =>
    // A statement of another client may be in a form that only that client understands.
    'unreadable' in parse(sql) ? [] : statementsOf(sql).map((statement) => ({ ...statement, index: at + 1 })),
  );
}
