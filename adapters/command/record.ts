import type { Driver, Row, Session, TableColumns } from '../../src/seams/driver.ts';
import type { HistoryRow } from '../../src/seams/records.ts';
import { nameChecksum } from './checksum.ts';
import { refuseColumns } from './refusals.ts';
import { bareName, tools, type ToolRecord } from './tools.ts';

/** What stands in a tool's own table in one database. */
export interface Recorded {
  /** Whose it is; absent where the configuration names it. */
  readonly tool?: string;
  /** As it is shown. */
  readonly table: string;
  readonly rows: readonly HistoryRow[];
  /** Names of what the tool began and did not finish. */
  readonly begun: readonly string[];
}

/** Where to look: in one table, or in that of whatever tool is known by its table. */
export interface Place {
  readonly driver: Driver;
  readonly record: ToolRecord | undefined;
  readonly tool: string | undefined;
}

/** The tool's table in a database; undefined where there is none (yet). */
export async function recordedIn(session: Session, { driver, record, tool }: Place): Promise<Recorded | undefined> {
  const tables = await driver.tables(session);
  const candidates = record === undefined ? tools : [{ name: tool, record }];
  for (const { name, record } of candidates) {
    const found = tables.find((candidate) => isThat(candidate, record));
    // What the configuration names is not passed over in silence.
    if (found === undefined && name === undefined) refuseColumns(tables.find(isNamed(record)), record);
    if (found === undefined) continue;
    const rows = await session.query(queryFor(driver, found, record));
    const state = record.state ?? (() => 'applied');
    return {
      ...(name === undefined ? {} : { tool: name }),
      table: bareName(found.table),
      rows: rows.filter((row) => state(row) === 'applied').map((row) => historyRow(row, record)),
      begun: rows.filter((row) => state(row) === 'begun').map((row) => text(row[record.name])),
    };
  }
  return undefined;
}

function isThat(candidate: TableColumns, record: ToolRecord): boolean {
  const { columns } = candidate;
  const needed = [record.name, ...record.columns];
  const isComplete = needed.every((column) => columns.includes(column));
  return isNamed(record)(candidate) && isComplete && (!record.alone || columns.length === needed.length);
}

function isNamed({ table: named }: ToolRecord): (candidate: TableColumns) => boolean {
  return ({ table }) => table === named || bareName(table) === named;
}

/** A driver with schemas names a table as it stands in SQL. */
function queryFor(driver: Driver, { table, columns }: TableColumns, record: ToolRecord): string {
  const wanted = [record.name, record.order, record.version, record.time, ...record.columns];
  const read = [...new Set(wanted)].filter((column) => column !== undefined && columns.includes(column));
  const from = driver.name === 'postgres' ? table : quoted(table);
  return `SELECT ${read.map((column) => quoted(String(column))).join(', ')} FROM ${from} ORDER BY ${quoted(record.order ?? record.name)}`;
}

function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

function historyRow(row: Row, record: ToolRecord): HistoryRow {
  const name = text(row[record.name]);
  const version = record.version === undefined ? versionIn(name) : text(row[record.version]);
  return {
    version,
    name,
    appliedOn: record.time === undefined ? '' : timeOf(row[record.time]),
    checksum: nameChecksum(name),
  };
}

function versionIn(name: string): string {
  return /^\D?(\d+(?:[._]\d+)*)/.exec(name)?.[1] ?? name;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : String(value);
}

/** Tools write a time as a text, a number or a time; where it is none of them, it is left out. */
function timeOf(value: unknown): string {
  const isTime = value instanceof Date || typeof value === 'string' || typeof value === 'number';
  const time = isTime ? new Date(value) : undefined;
  return time === undefined || Number.isNaN(time.getTime()) ? '' : time.toISOString();
}
