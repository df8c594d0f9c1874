import type { SqliteDatabase } from './client.ts';
import { normalForm } from './schema.ts';
import type { TableState } from './states.ts';
import { TokenCursor } from './tokens-cursor.ts';
import { eachToken, keywordOf, unquote, type Token } from './tokens.ts';

/** What hangs on one table in one of the two states. Columns are in lower case. */
export interface TableParts {
  readonly columns: ReadonlySet<string>;
  readonly key: readonly string[];
  readonly indexes: readonly IndexPart[];
  readonly triggers: readonly string[];
  /** The columns of each. */
  readonly foreignKeys: readonly (readonly string[])[];
  readonly checks: readonly { readonly text: string; readonly names: readonly string[] }[];
  /** STRICT, WITHOUT ROWID, AUTOINCREMENT. */
  readonly options: readonly string[];
  /** The highest number that AUTOINCREMENT gave; 0 without. */
  readonly counter: number;
}

export interface IndexPart {
  readonly name: string;
  readonly unique: boolean;
  readonly partial: boolean;
  /** Made by CREATE INDEX. */
  readonly own: boolean;
  /** Made by UNIQUE. */
  readonly constraint: boolean;
  /** Null for an expression. */
  readonly columns: readonly (string | null)[];
}

/** `nameOf`: what a column is to be called. */
export function partsOf(
  database: SqliteDatabase,
  schema: 'before' | 'main',
  table: TableState,
  nameOf: (column: string) => string = (column) => column.toLowerCase(),
): TableParts {
  const all = (sql: string, ...params: readonly string[]): unknown[] => database.prepare(sql).all(...params);
  const names = (sql: string, ...params: readonly string[]): readonly (string | null)[] =>
    (all(sql, ...params) as { name: string | null }[]).map(({ name }) => name);
  const inSchema = `FROM ${schema}.sqlite_schema WHERE tbl_name = ? COLLATE NOCASE`;
  const [text = ''] = names(`SELECT sql AS name ${inSchema} AND type = 'table'`, table.name);
  const columns = names('SELECT name FROM pragma_table_xinfo(?, ?)', table.name, schema);
  const keys = all(
    'SELECT id, "from" AS name FROM pragma_foreign_key_list(?, ?) ORDER BY id, seq',
    table.name,
    schema,
  ) as { id: number; name: string }[];
  const listed = all('SELECT name, "unique", origin, partial FROM pragma_index_list(?, ?)', table.name, schema) as {
    name: string;
    unique: number;
    origin: string;
    partial: number;
  }[];
  const [options] = all('SELECT strict, wr FROM pragma_table_list(?) WHERE schema = ?', table.name, schema) as {
    strict: number;
    wr: number;
  }[];
  const counts = hasWord(text ?? '', 'AUTOINCREMENT');
  const [sequence] = counts
    ? (all(`SELECT seq FROM ${schema}.sqlite_sequence WHERE name = ? COLLATE NOCASE`, table.name) as { seq: number }[])
    : [];
  return {
    columns: new Set(columns.map((name) => nameOf(name ?? ''))),
    key: table.key.map(({ name }) => nameOf(name)),
    indexes: listed.map(({ name, unique, origin, partial }) => ({
      name,
      unique: unique === 1,
      partial: partial === 1,
      own: origin === 'c',
      constraint: origin === 'u',
      columns: names('SELECT name FROM pragma_index_info(?, ?) ORDER BY seqno', name, schema).map((column) =>
        column === null ? null : nameOf(column),
      ),
    })),
    triggers: names(`SELECT name ${inSchema} AND type = 'trigger'`, table.name).map(String),
    foreignKeys: [...new Set(keys.map(({ id }) => id))].map((id) =>
      keys.filter((key) => key.id === id).map(({ name }) => nameOf(name)),
    ),
    checks: checksIn(text ?? '', nameOf),
    options: [
      ...(options?.strict === 1 ? ['STRICT'] : []),
      ...(options?.wr === 1 ? ['WITHOUT ROWID'] : []),
      ...(counts ? ['AUTOINCREMENT'] : []),
    ],
    counter: sequence?.seq ?? 0,
  };
}

function checksIn(sql: string, nameOf: (column: string) => string): TableParts['checks'] {
  const cursor = new TokenCursor(sql);
  const checks: TableParts['checks'][number][] = [];
  cursor.skipTo((token) => token.text === '(');
  cursor.advance();
  while (cursor.skipTo(() => cursor.atWord('CHECK'))) {
    cursor.advance();
    if (!cursor.takeOperator('(')) continue;
    const tokens: Token[] = [];
    cursor.skipTo((token) => token.text === ')', tokens);
    const named = tokens.filter(({ kind }) => kind === 'word' || kind === 'identifier');
    checks.push({
      text: normalForm(tokens.map((token) => token.text).join(' ')),
      names: named.map((token) => nameOf(unquote(token))),
    });
  }
  return checks;
}

function hasWord(sql: string, word: string): boolean {
  for (const token of eachToken(sql)) if (keywordOf(token) === word) return true;
  return false;
}
