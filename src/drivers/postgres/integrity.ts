import type { Session } from '../../seams/driver.ts';
import type { LostObject, UnfinishedObject, Violation } from '../../seams/evidence.ts';
import { quoteIdentifier, quoteTable } from './names.ts';
import type { Relation } from './relations.ts';
import type { State } from './state.ts';
import { hasCode, underFixedSettings } from './settings.ts';
import type { ConstraintPart } from './table-parts.ts';

/** Indexes left INVALID and constraints left NOT VALID. */
export function unfinished(before: State, after: State): readonly UnfinishedObject[] {
  const nameOf = (oid: number | undefined): string => after.relations.get(oid ?? 0)?.name ?? '';
  const indexes = [...after.relations.values()]
    .filter(({ oid, table, valid }) => table !== undefined && !valid && before.relations.get(oid)?.valid !== false)
    .map(({ name, table }) => ({ table: nameOf(table), object: name, what: 'INVALID index' as const }));
  const constraints = newlyUnvalidated(before, after).map(({ table, constraint }) => ({
    table: table.name,
    object: constraint.name,
    what: 'NOT VALID constraint' as const,
  }));
  return [...indexes, ...constraints];
}

interface Unvalidated {
  readonly table: Relation;
  readonly constraint: ConstraintPart;
}

function newlyUnvalidated(before: State, after: State): readonly Unvalidated[] {
  const old = new Set(
    [...before.parts.values()].flatMap(({ constraints }) =>
      constraints.filter(({ validated }) => !validated).map(({ oid }) => oid),
    ),
  );
  return [...after.parts].flatMap(([oid, { constraints }]) => {
    const table = after.relations.get(oid);
    if (table === undefined) return [];
    return constraints
      .filter((constraint) => !constraint.validated && !old.has(constraint.oid))
      .map((constraint) => ({ table, constraint }));
  });
}

/** Foreign keys of other tables that refer to what a table was, now that another one has its name. */
export function strayKeys(before: State, after: State): readonly Violation[] {
  const names = tableNames(after);
  return [...after.parts].flatMap(([oid, { constraints }]) => {
    const table = after.relations.get(oid);
    const old = new Set(before.parts.get(oid)?.constraints.map((constraint) => constraint.oid));
    return constraints.flatMap((constraint): readonly Violation[] => {
      const parent = constraint.references?.table;
      if (table === undefined || parent === undefined || parent === oid || !old.has(constraint.oid)) return [];
      const was = before.relations.get(parent)?.name;
      const now = after.relations.get(parent)?.name;
      if (was === undefined || now === undefined || was === now || !names.has(was)) return [];
      return [
        {
          kind: 'foreign-key',
          table: table.name,
          references: now,
          message: `The foreign key ${constraint.name} of ${table.name} referred to ${was} and goes on referring to that table, which is called ${now} now: rows of ${table.name} are not checked against the new ${was}.`,
        },
      ];
    });
  });
}

/** Foreign keys that were dropped together with a table that another one replaced: nobody named them. */
export function keysDroppedAlong(
  before: State,
  after: State,
  isDroppedByName: (constraint: string) => boolean,
): readonly LostObject[] {
  const names = tableNames(after);
  return [...after.parts].flatMap(([oid, { constraints, columns }]) => {
    const there = new Set(constraints.map((constraint) => constraint.oid));
    const standing = new Set([...columns.values()].map(({ name }) => name));
    return (before.parts.get(oid)?.constraints ?? []).flatMap((constraint): readonly LostObject[] => {
      const parent = before.relations.get(constraint.references?.table ?? 0);
      if (parent === undefined || there.has(constraint.oid) || after.relations.has(parent.oid)) return [];
      const again = constraints.some(
        ({ type, columns: on }) => type === 'f' && on.join() === constraint.columns.join(),
      );
      if (again || !names.has(parent.name) || isDroppedByName(constraint.name)) return [];
      if (!constraint.columns.every((column) => standing.has(column))) return [];
      const table = after.relations.get(oid)?.name ?? '';
      return [{ table, object: constraint.columns.join(', '), what: 'foreign key' }];
    });
  });
}

/** A view under a table's old name is no table that took its place. */
function tableNames({ relations }: State): ReadonlySet<string> {
  return new Set([...relations.values()].filter(({ kind }) => kind === 'r' || kind === 'p').map(({ name }) => name));
}

/** What was looked for in rows, and what could not be, in words. */
export interface Looked {
  readonly violations: readonly Violation[];
  readonly notes: readonly string[];
}

/** Rows that refer to nothing by foreign keys that were left NOT VALID. Reads those tables. */
export async function orphansLeft(session: Session, before: State, after: State): Promise<Looked> {
  const notes: string[] = [];
  const violations: Violation[] = [];
  for (const { table, constraint } of newlyUnvalidated(before, after)) {
    const parent = after.relations.get(constraint.references?.table ?? 0);
    const parts = after.parts.get(constraint.references?.table ?? 0);
    if (parent === undefined || parts === undefined) continue;
    const pairs = constraint.columns.map((column, at) => {
      const key = parts.columns.get(constraint.references?.columns[at] ?? 0)?.name ?? '';
      return [`c.${quoteIdentifier(column)}`, `p.${quoteIdentifier(key)}`] as const;
    });
    const rows = await countOf(
      session,
      `SELECT count(*) AS n FROM ${quoteTable(table.name)} AS c
        WHERE ${pairs.map(([child]) => `${child} IS NOT NULL`).join(' AND ')}
          AND NOT EXISTS (SELECT FROM ${quoteTable(parent.name)} AS p WHERE ${pairs.map(([child, key]) => `${child} = ${key}`).join(' AND ')})`,
    );
    if (rows === undefined) {
      notes.push(
        `Whether all rows of ${table.name} refer to something by ${constraint.name} cannot be seen by this role.`,
      );
      continue;
    }
    if (rows === 0) continue;
    violations.push({
      kind: 'foreign-key',
      table: table.name,
      references: parent.name,
      rows,
      message: `${rows} ${rows === 1 ? 'row' : 'rows'} of ${table.name} ${rows === 1 ? 'refers' : 'refer'} to nothing in ${parent.name}: the foreign key ${constraint.name} was left NOT VALID and cannot be validated.`,
    });
  }
  return { violations, notes };
}

/**
 * Sequences that will give a number which a column has already, of tables that were made, replaced or inserted into.
 * `named` are the tables that statements name as written, for where the counters of what was inserted are not complete.
 * One that was behind already, by a row that nobody has written since `begun` (the next transaction's number then), is not
 * the migration's doing.
 */
export async function sequencesBehind(
  session: Session,
  before: State,
  after: State,
  { named, begun }: { readonly named: ReadonlySet<string>; readonly begun: string },
): Promise<Looked> {
  const notes: string[] = [];
  const violations: Violation[] = [];
  for (const [oid, { sequences }] of after.parts) {
    const [was, now] = [before.relations.get(oid), after.relations.get(oid)];
    if (now === undefined) continue;
    const kept = was?.name === now.name && was.counted.inserted === now.counted.inserted;
    if (kept && !named.has(now.name)) continue;
    for (const { oid: number, column } of new Map(sequences.map((one) => [`${one.oid} ${one.column}`, one])).values()) {
      const sequence = after.relations.get(number)?.name;
      if (sequence === undefined) continue;
      const name = quoteIdentifier(column);
      const behind = await countOf(
        session,
        `SELECT count(*) AS n FROM ${quoteTable(sequence)} AS s, pg_catalog.pg_sequence AS q, (SELECT max(${name}) AS most, min(${name}) AS least FROM ${quoteTable(now.name)}) AS m
          WHERE q.seqrelid = ${number}
            AND CASE WHEN q.seqincrement > 0 THEN m.most >= s.last_value + s.is_called::int ELSE m.least <= s.last_value - s.is_called::int END
            AND NOT EXISTS (
              SELECT FROM ${quoteTable(now.name)} AS old WHERE age(old.xmin) > age('${begun}'::xid8::xid)
                 AND CASE WHEN q.seqincrement > 0 THEN old.${name} >= s.last_value + s.is_called::int ELSE old.${name} <= s.last_value - s.is_called::int END)`,
      );
      if (behind === undefined) {
        notes.push(`Whether the sequence ${sequence} is behind ${now.name}.${column} cannot be seen by this role.`);
        continue;
      }
      if (behind === 0) continue;
      violations.push({
        kind: 'constraint',
        table: now.name,
        message: `The sequence ${sequence} is behind ${now.name}.${column}: it will give numbers that rows have already. Set it with setval behind the highest.`,
      });
    }
  }
  return { violations, notes };
}

/** Undefined where the role may not see all of what is to be counted. */
async function countOf(session: Session, sql: string): Promise<number | undefined> {
  try {
    const [row] = await underFixedSettings(session, () => session.query(sql));
    return Number(row?.['n']);
  } catch (error) {
    if (!hasCode(error, '42501')) throw error;
    return undefined;
  }
}
