import type { Row, Schema, Session } from '../../seams/driver.ts';
import { ownTables } from './names.ts';
import { normalExpression } from './schema/expression.ts';
import { policies, rules, statistics, triggers } from './schema/attached.ts';
import { comments } from './schema/comments.ts';
import { constraints, indexes } from './schema/constraints.ts';
import { grants } from './schema/grants.ts';
import { relations } from './schema/relations.ts';
import { aggregates, functions } from './schema/routines.ts';
import { withObjects, type Part } from './schema/select.ts';
import { sequences } from './schema/sequences.ts';
import { baseTypes, domains, enums, ranges } from './schema/types.ts';
import { collations, eventTriggers, extensions, schemas } from './schema/whole.ts';
import { isWithoutPlan, planned, unplanned } from './planned.ts';
import { hasCode, underFixedSettings } from './settings.ts';

/**
 * Every object of the database with what the server says of it, in one query: `table public.users`,
 * `index public.by_email`, `constraint public.users.users_pkey`, `function public.f(integer)`, `grants on …`,
 * `comment on …`. Equal for databases with the same objects, whatever the order in which they were made, and for a
 * database and its restored dump. Left out are the system's objects, temporary ones, the tables of `leftOut`, and what
 * belongs to an extension; `notCompared` says what else.
 */
export async function postgresSchema(session: Session, leftOut: readonly string[] = ownTables): Promise<Schema> {
  const rows = await read(session, leftOut);
  const objects = rows.map(({ key, text }): [string, string] => [String(key), normalForm(String(key), String(text))]);
  return new Map(objects.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** An object that somebody drops while the server describes it is an internal error of the server's; then it is gone. */
async function read(
  session: Session,
  leftOut: readonly string[],
  attemptsLeft = 3,
  ask = planned,
): Promise<readonly Row[]> {
  try {
    return await underFixedSettings(session, (version) => ask(session, 'schema', schemaQuery(version, leftOut)));
  } catch (error) {
    if (isWithoutPlan(error)) return read(session, leftOut, attemptsLeft, unplanned);
    if (attemptsLeft === 0 || !hasCode(error, 'XX000')) throw error;
    return read(session, leftOut, attemptsLeft - 1);
  }
}

const parts: readonly Part[] = [
  schemas,
  extensions,
  collations,
  relations,
  constraints,
  indexes,
  sequences,
  triggers,
  rules,
  policies,
  statistics,
  functions,
  aggregates,
  enums,
  domains,
  ranges,
  baseTypes,
  eventTriggers,
  grants,
  comments,
];

function schemaQuery(version: number, leftOut: readonly string[]): string {
  return `WITH ${withObjects(leftOut)} ${parts.map((part) => part(version)).join('\nUNION ALL\n')}`;
}

/** What is text to the server is text to us: words of people, and functions that are no SQL it has parsed. */
function normalForm(key: string, text: string): string {
  const isText = key.startsWith('comment ') || (/^(function|procedure) /.test(key) && !text.includes('BEGIN ATOMIC'));
  return isText ? text : normalExpression(text);
}
