import type { Finding, Gate, Judged, Severity } from '../gate.ts';
import { permits } from '../permits.ts';
import { fewest, partSeen, rowsSeen } from '../rows-seen.ts';
import type { Evidence, TableEvidence } from '../seams/evidence.ts';

/**
 * Is everything that stood in main before still there? Rows gone from any table block, and so do changed values in
 * columns that no statement's text sets; where a trigger or a foreign key sets them they warn, and so does a dropped table
 * or column with data in it; where a statement sets them that is noted.
 */
export const dataPreserved: Gate = {
  name: 'data-preserved',
  judge(evidence, migration) {
    const told = toldBy(evidence);
    return [
      ...(evidence.tables ?? []).flatMap((table) => [
        ...rowsLost(table, migration),
        ...valuesChanged(table, told, migration),
        ...dropped(table, migration),
      ]),
      ...(evidence.rowsUnseen ?? []).map(({ table, why }) => unseen(table, why, migration)),
    ];
  },
};

function rowsLost(table: TableEvidence, migration: Judged): Finding[] {
  const gone = table.rowsGone ?? 0;
  if (gone === 0) return [];
  const allowed = permits(migration.permits, 'rows-lost', table.table);
  const counts = [
    `it had ${table.rowsBefore ?? 0} and has ${table.rowsAfter ?? 0}${ofThemNew(table)}`,
    partSeen(table),
    keyless(table),
  ];
  return [
    finding(
      migration,
      allowed ? 'note' : 'block',
      `${rowsSeen(table, gone)} of ${table.table} ${gone === 1 ? 'is' : 'are'} gone (${counts.filter((part) => part !== '').join('; ')})${allowed ? ', as the migration allows' : `. If that is meant, write in the migration: -- forerun: allow rows-lost ${table.table}`}`,
      table.table,
    ),
  ];
}

/** Without it a table that lost rows and got others would seem to have lost none. */
function ofThemNew(table: TableEvidence): string {
  const added = table.rowsAdded ?? 0;
  return added === 0 ? '' : `, of which ${rowsSeen(table, added)} ${added === 1 ? 'is' : 'are'} new`;
}

/** It may have lost any of them. */
function unseen(table: string, why: string, migration: Judged): Finding {
  const allowed = permits(migration.permits, 'rows-lost', table);
  const remedy = `. Let the role see them all; or, where it may lose rows, write in the migration: -- forerun: allow rows-lost ${table}`;
  const message = `What became of the rows of ${table} is not known, because ${why}`;
  return finding(
    migration,
    allowed ? 'note' : 'block',
    `${message}${allowed ? ', as the migration allows' : remedy}`,
    table,
  );
}

/** Rows of the same number as before look as if nothing were gone. */
function keyless({ table, rowsToldBy }: TableEvidence): string {
  if (rowsToldBy !== 'value') return '';
  return `${table} has no primary key, so that rows can only be told by value, and one with another value counts as gone`;
}

function valuesChanged(table: TableEvidence, told: Told, migration: Judged): Finding[] {
  return Object.entries(table.valuesChanged ?? {}).flatMap(([column, count]) => {
    const written = writtenBy(told.assigned, table, column);
    const part = partSeen(table);
    const changed = `another value in ${rowsSeen(table, count)}${part === '' ? '' : ` (${part})`}`;
    if (written >= fewest(table, count)) {
      const told = `${table.table}.${column} has ${changed}, as a statement sets it`;
      return [finding(migration, 'note', told, table.table)];
    }
    const allowed = permits(migration.permits, 'values-changed', table.table, column);
    const subject = `${table.table}.${column}`;
    const byTrigger = subjectsOf(table, column).some((name) => told.triggered.has(name));
    const known = !told.isKnown
      ? 'whether that is meant is not known, since it is code'
      : written === 0
        ? 'no statement sets it'
        : `the statements that set it wrote ${rows(written)}`;
    const unseen = told.unseen.length === 0 ? '' : `, as far as can be read: ${told.unseen.join('; ')}`;
    const why = byTrigger ? 'a trigger or a foreign key sets it' : `${known}${unseen}`;
    return [
      finding(
        migration,
        allowed ? 'note' : byTrigger ? 'warn' : 'block',
        `${subject} has ${changed}${allowed ? ', as the migration allows' : `, and ${why}. If that is meant, write in the migration: -- forerun: allow values-changed ${subject}`}`,
        table.table,
      ),
    ];
  });
}

function dropped(table: TableEvidence, migration: Judged): Finding[] {
  if (table.rowsBefore !== undefined && table.rowsAfter === undefined) {
    if (table.rowsBefore === 0) return [];
    const severity = permits(migration.permits, 'rows-lost', table.table) ? 'note' : 'warn';
    return [
      finding(migration, severity, `Table ${table.table} is dropped with ${rows(table.rowsBefore)} in it`, table.table),
    ];
  }
  return Object.entries(table.columnsDropped ?? {})
    .filter(([, count]) => count > 0)
    .map(([column, count]) => {
      const severity = permits(migration.permits, 'values-changed', table.table, column) ? 'note' : 'warn';
      return finding(
        migration,
        severity,
        `Column ${table.table}.${column} is dropped with values in ${rows(count)}`,
        table.table,
      );
    });
}

function finding(migration: Judged, severity: Severity, message: string, table: string): Finding {
  return {
    gate: 'data-preserved',
    severity,
    migration: migration.name,
    message: message.endsWith('.') ? message : `${message}.`,
    where: { table, ...(migration.file === undefined ? {} : { file: migration.file }) },
  };
}

/** What statements tell. Names of columns are lower-case `table.column`; `table.*` stands for all. */
interface Told {
  /** Whether the statements are known. */
  readonly isKnown: boolean;
  /**
   * Every column that a statement's text sets, with how many rows such statements wrote in all. Where more rows changed
   * than that, something else changed them as well.
   */
  readonly assigned: ReadonlyMap<string, number>;
  readonly triggered: ReadonlySet<string>;
  readonly unseen: readonly string[];
}

function toldBy({ statements: all }: Evidence): Told {
  const statements = all ?? [];
  const assigned = new Map<string, number>();
  for (const { assigns = [], rows: written, sql } of statements) {
    // Not every engine counts what CREATE TABLE … AS SELECT writes.
    const most = written === undefined || /^create\b/i.test(sql) ? Infinity : written;
    for (const name of new Set(assigns.map((one) => one.toLowerCase())))
      assigned.set(name, (assigned.get(name) ?? 0) + most);
  }
  const triggered = statements.flatMap((statement) => statement.triggered ?? []).map((name) => name.toLowerCase());
  const unseen = statements.flatMap((statement) => statement.unseen ?? []);
  return { isKnown: all !== undefined, assigned, triggered: new Set(triggered), unseen: [...new Set(unseen)] };
}

/** Rows that statements wrote which set the column. */
function writtenBy(assigned: ReadonlyMap<string, number>, table: TableEvidence, column: string): number {
  return subjectsOf(table, column).reduce((sum, subject) => sum + (assigned.get(subject) ?? 0), 0);
}

/** What statements may call a column: one may name the table as it was called before a rename. */
function subjectsOf({ table, renamedFrom = table }: TableEvidence, column: string): readonly string[] {
  const names = [...new Set([table, renamedFrom])].flatMap((name) => [`${name}.${column}`, `${name}.*`]);
  return [...new Set(names.map((one) => one.toLowerCase()))];
}

function rows(count: number): string {
  return `${count} ${count === 1 ? 'row' : 'rows'}`;
}
