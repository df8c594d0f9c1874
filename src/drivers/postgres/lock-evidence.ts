import type { LockEvidence, StatementEvidence, WaitEvidence } from '../../seams/evidence.ts';
import { conflicts, isStronger, readMode, writeMode } from './lock-conflicts.ts';
import type { LockSpan, RunningQuery } from './lock-spans.ts';
import { normalQuery } from './normal-query.ts';
import type { ReadWait } from './read-probes.ts';
import type { Relation } from './relations.ts';

type Relations = ReadonlyMap<number, Relation>;

/**
 * The locks that were held on relations that existed before, each with its longest time. A lock beside a stronger one of
 * the same relation that was held all the while is left out, and so are those that reading catalogs takes, and those that
 * every query takes of a table's indexes and sequences.
 */
export function lockEvidence(
  spans: readonly LockSpan[],
  relations: Relations,
  statements: readonly StatementEvidence[] | undefined,
): readonly LockEvidence[] {
  const place = placesIn(statements ?? []);
  const found = new Map<string, LockEvidence>();
  for (const span of spans.toSorted((a, b) => a.from - b.from)) {
    const relation = relations.get(span.relation);
    if (relation === undefined || isOfNoInterest(span, relation) || isCovered(span, spans)) continue;
    const statement = place(span, [relation, relations.get(relation.table ?? 0) ?? relation]);
    const heldMs = rounded(span.to - span.from);
    const key = `${span.relation} ${span.mode} ${statement}`;
    if ((found.get(key)?.heldMs ?? -1) >= heldMs) continue;
    const { sql = '' } = latest(span) ?? {};
    const query = statement > 0 || sql === '' ? {} : { query: normalQuery(sql) };
    found.set(key, { relation: relation.name, mode: span.mode, heldMs, statement, ...query });
  }
  return [...found.values()].sort((a, b) => a.statement - b.statement || (a.relation < b.relation ? -1 : 1));
}

/**
 * The longest that a read and a write would have waited for each table that was locked against either. An index counts
 * as its table: a query locks all indexes of a table while it is planned. `probed`: when readers were let in.
 */
export function waitEvidence(
  spans: readonly LockSpan[],
  relations: Relations,
  probed: readonly ReadWait[],
): readonly WaitEvidence[] {
  const byTable = new Map<number, LockSpan[]>();
  for (const span of spans) {
    const relation = relations.get(span.relation);
    const table = relation?.table ?? span.relation;
    if (!['r', 'p', 'm', 'v', 'f'].includes(relations.get(table)?.kind ?? '')) continue;
    byTable.set(table, [...(byTable.get(table) ?? []), span]);
  }
  return [...byTable].flatMap(([table, its]) => {
    const until = probed.filter(({ relation }) => relation === table).map((wait) => wait.until);
    const readMs = longest(
      its.filter(({ mode }) => conflicts(mode, readMode)),
      until,
    );
    const writeMs = Math.max(
      readMs,
      longest(
        its.filter(({ mode }) => conflicts(mode, writeMode)),
        [],
      ),
    );
    return writeMs === 0 ? [] : [{ table: relations.get(table)?.name ?? '', readMs, writeMs }];
  });
}

/** Spans that overlap keep others waiting as one. A reader that was let in late tells that it was longer. */
function longest(spans: readonly LockSpan[], letIn: readonly number[]): number {
  let most = 0;
  let [from, to] = [0, -Infinity];
  for (const span of spans.toSorted((a, b) => a.from - b.from)) {
    if (span.from > to) from = span.from;
    to = Math.max(to, span.to);
    const late = letIn.find((at) => at > to && at - to < lateness);
    most = Math.max(most, (late ?? to) - from);
  }
  return rounded(most);
}

/** Between the last look that showed a lock and the reader behind it, in milliseconds. */
const lateness = 10;

function isOfNoInterest(span: LockSpan, { table, kind }: Relation): boolean {
  if (table !== undefined || kind === 'S') return !isStronger(span.mode, writeMode);
  return span.mode === readMode && readsCatalogs(latest(span)?.sql ?? '');
}

function latest({ before, queries }: LockSpan): RunningQuery | undefined {
  return queries.at(-1) ?? before;
}

function readsCatalogs(sql: string): boolean {
  return (
    /\bpg_catalog\./i.test(sql) || /^\s*(?:begin|savepoint|release|rollback|commit|select set_config)\b/i.test(sql)
  );
}

function isCovered(span: LockSpan, spans: readonly LockSpan[]): boolean {
  return spans.some(
    (other) =>
      other.relation === span.relation &&
      other.from <= span.from &&
      other.to >= span.to &&
      (isStronger(other.mode, span.mode) || isSameMode(other, span)),
  );
}

/** Of workers that hold what their leader holds. */
function isSameMode(other: LockSpan, span: LockSpan): boolean {
  return other !== span && other.mode === span.mode && (other.from < span.from || other.to > span.to);
}

/**
 * Which of the told statements took a lock, from 1 on: of those that its session may have run since the look before,
 * the first that names the relation, or the table of an index, and can take such a lock; else the first that names it, else
 * the last. 0 where none is known.
 */
function placesIn(statements: readonly StatementEvidence[]): (span: LockSpan, named: readonly Relation[]) => number {
  const texts = statements.map(({ sql }) => sql.trim());
  let reached = 0;
  const placeOf = ({ sql }: RunningQuery): number | undefined => {
    const later = texts.findIndex((text, at) => at >= reached && isSameQuery(text, sql));
    const place = later >= 0 ? later : texts.findIndex((text) => isSameQuery(text, sql));
    return place < 0 ? undefined : place;
  };
  return (span, named) => {
    const [before, now] = [span.before, latest(span)];
    const first = (before && placeOf(before)) ?? reached;
    // What runs may be a step of ours behind statements that were over before anybody looked.
    const last = now && placeOf(now);
    const names = named.map(({ name }) => bare(name));
    const naming = [...texts.keys()].filter(
      (at) =>
        at >= first && at <= (last ?? texts.length) && names.some((name) => texts[at]?.toLowerCase().includes(name)),
    );
    const able = naming.find((at) => !isStronger(span.mode, writeMode) || !writesRows.test(texts[at] ?? ''));
    const place = able ?? naming[0] ?? last;
    if (place !== undefined) reached = Math.max(reached, place);
    return place === undefined ? 0 : place + 1;
  };
}

/** These take no lock that is stronger than a write's. */
const writesRows = /^(?:with|select|values|table|insert|update|delete|merge|copy)\b/i;

function bare(name: string): string {
  return name
    .slice(name.indexOf('.') + 1)
    .replaceAll('"', '')
    .toLowerCase();
}

/** The server keeps the first bytes of a query. */
function isSameQuery(text: string, kept: string): boolean {
  const query = kept.trim().replace(/;$/, '');
  return query.length > 0 && (text === query || (query.length >= shortestCut && text.startsWith(query)));
}

/** `track_activity_query_size` is at least 100 bytes, less one. */
const shortestCut = 50;

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
