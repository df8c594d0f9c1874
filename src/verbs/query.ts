import { createHash } from 'node:crypto';
import { ForerunError, isForerunError, messageOf } from '../error.ts';
import { ownWork } from '../promotion/claim.ts';
import type { Connection, Driver, Row } from '../seams/driver.ts';
import type { Target } from '../seams/target.ts';

/** What two databases answer to one query. */
export interface QueryAnswers {
  readonly sql: string;
  readonly a: QueryAnswer;
  readonly b: QueryAnswer;
  /** Whether all rows are the same, in the same order, those that are not shown as well. */
  readonly equal: boolean;
}

export type QueryAnswer =
  | {
      /** Empty where there is no row. */
      readonly columns: readonly string[];
      /** The first rows; see `total`. Blobs are hexadecimal text with their length. */
      readonly rows: readonly (readonly Cell[])[];
      readonly total: number;
      /** A line for the columns and one for each row shown, cells separated by tabs; and how many are not shown. */
      readonly text: string;
    }
  | { readonly error: string };

export type Cell = string | number | boolean | null;

/** How many rows an answer shows. */
const shownRows = 100;

/** Refuses whatever is not one question: a comparison changes nothing. A connection must have been opened before. */
export function refuseQuery(driver: Driver, sql: string): void {
  const statements = statementsOf(driver, sql);
  if (statements.length === 1 && /^(?:select|values|with)\b/i.test(statements[0]?.sql ?? '')) return;
  throw new ForerunError('USAGE', 'The query is not one SELECT, and a comparison changes nothing.', {
    details: {},
    next: 'Give one SELECT (or WITH … SELECT, or VALUES). To change a branch: forerun exec <branch> -- <command>',
  });
}

function statementsOf(driver: Driver, sql: string): ReturnType<Driver['statements']> {
  try {
    return driver.statements(sql);
  } catch (error) {
    if (!isForerunError(error, 'STATEMENT_FAILED')) throw error;
    const details = {};
    throw new ForerunError('USAGE', `The query cannot be read: ${error.message}`, { details, next: 'Correct it.' });
  }
}

export async function answersTo(driver: Driver, sql: string, a: Target, b: Target): Promise<QueryAnswers> {
  const [left, right] = [await ask(driver, sql, a), await ask(driver, sql, b)];
  return { sql, a: left.answer, b: right.answer, equal: left.digest === right.digest && left.digest !== undefined };
}

interface Asked {
  readonly answer: QueryAnswer;
  /** Of all columns and rows; absent where the query failed. */
  readonly digest?: string;
}

async function ask(driver: Driver, sql: string, target: Target): Promise<Asked> {
  try {
    if (!/^\s*with\b/i.test(driver.statements(sql)[0]?.sql ?? '')) {
      await using connection = await driver.open(target);
      return await read(connection, sql);
    }
    return await inUndone(driver, target, (connection) => read(connection, sql));
  } catch (error) {
    return { answer: { error: messageOf(error) } };
  }
}

/** `WITH …` may go on with a DELETE: it is run in a transaction that is rolled back. */
async function inUndone(
  driver: Driver,
  target: Target,
  body: (connection: Connection) => Promise<Asked>,
): Promise<Asked> {
  let asked: Asked | undefined;
  const undo = new Error('rolled back on purpose');
  try {
    await driver.transaction(target, ownWork(), async (connection) => {
      asked = await body(connection);
      throw undo;
    });
  } catch (error) {
    if (error !== undo) throw error;
  }
  if (asked === undefined) throw new TypeError('the transaction ended without an answer');
  return asked;
}

async function read(connection: Connection, sql: string): Promise<Asked> {
  const hash = createHash('sha256');
  const rows: Cell[][] = [];
  let columns: readonly string[] = [];
  let total = 0;
  for await (const row of connection.rows(sql)) {
    if (total === 0) {
      columns = Object.keys(row);
      hash.update(JSON.stringify(columns));
    }
    hash.update(fullText(row));
    if (rows.length < shownRows) rows.push(Object.values(row).map(cellOf));
    total += 1;
  }
  return { answer: { columns, rows, total, text: textOf(columns, rows, total) }, digest: hash.digest('hex') };
}

/** Every value with its type, so that 1 and '1' differ. */
function fullText(row: Row): string {
  return JSON.stringify(
    Object.values(row).map((value) => [typeof value, value instanceof Uint8Array ? hexOf(value) : plain(value)]),
  );
}

function cellOf(value: unknown): Cell {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (value instanceof Uint8Array) return blobText(value);
  return plain(value);
}

/** Integers too large for a number, times, documents. */
function plain(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

/** How many bytes of a blob are shown. */
const shownBytes = 32;

function blobText(bytes: Uint8Array): string {
  const more = bytes.length > shownBytes ? '…' : '';
  return `x'${hexOf(bytes.subarray(0, shownBytes))}${more}' (${bytes.length} ${bytes.length === 1 ? 'byte' : 'bytes'})`;
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function textOf(columns: readonly string[], rows: readonly (readonly Cell[])[], total: number): string {
  const lines = rows.map((row) => row.map((cell) => (cell === null ? 'NULL' : String(cell))).join('\t'));
  const hidden = total - rows.length;
  const more =
    hidden > 0
      ? [`… and ${hidden} more ${hidden === 1 ? 'row' : 'rows'} that ${hidden === 1 ? 'is' : 'are'} not shown`]
      : [];
  return [columns.join('\t'), ...lines, ...more].join('\n');
}
