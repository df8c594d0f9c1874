import { TokenCursor } from './tokens-cursor.ts';

/** What a statement does, as far as running it is concerned. */
export type StatementKind =
  | {
      /**
       * `commit` is COMMIT and END; `savepoint` is SAVEPOINT, RELEASE and ROLLBACK TO; `standalone` cannot run inside a
       * transaction; `attach` is ATTACH and DETACH; `other` is what SQLite itself has to judge.
       */
      readonly kind:
        | 'begin'
        | 'commit'
        | 'rollback'
        | 'savepoint'
        | 'standalone'
        | 'attach'
        | 'query'
        | 'write'
        | 'ddl'
        | 'other';
    }
  | {
      readonly kind: 'pragma';
      /** In lower case, without the schema's name. */
      readonly pragma: string;
      /** As written, without quotes; the same for `PRAGMA x = y` and `PRAGMA x(y)`. */
      readonly value: string | undefined;
    };

export function kindOf(sql: string): StatementKind {
  const cursor = new TokenCursor(sql);
  if (cursor.takeWord('EXPLAIN')) {
    if (cursor.takeWord('QUERY')) cursor.takeWord('PLAN');
    // SQLite sets most pragmas while it compiles them, so explaining one sets it as well.
    return cursor.atWord('PRAGMA') ? pragmaOf(cursor) : { kind: 'query' };
  }
  cursor.takeWith();
  if (cursor.atWord('PRAGMA')) return pragmaOf(cursor);
  if (cursor.takeWord('ROLLBACK')) return { kind: cursor.skipTo(() => cursor.atWord('TO')) ? 'savepoint' : 'rollback' };
  for (const [kind, words] of kinds) {
    if (cursor.atWord(...words)) return { kind };
  }
  return { kind: 'other' };
}

type PlainKind = Exclude<StatementKind['kind'], 'pragma' | 'rollback' | 'other'>;

const kinds: readonly (readonly [PlainKind, readonly string[]])[] = [
  ['write', ['INSERT', 'UPDATE', 'DELETE', 'REPLACE']],
  ['ddl', ['CREATE', 'ALTER', 'DROP', 'REINDEX', 'ANALYZE']],
  ['query', ['SELECT', 'VALUES']],
  ['begin', ['BEGIN']],
  ['commit', ['COMMIT', 'END']],
  ['savepoint', ['SAVEPOINT', 'RELEASE']],
  ['standalone', ['VACUUM']],
  ['attach', ['ATTACH', 'DETACH']],
];

function pragmaOf(cursor: TokenCursor): StatementKind {
  cursor.takeWord('PRAGMA');
  const first = cursor.takeName();
  const name = cursor.takeOperator('.') ? cursor.takeName() : first;
  if (name === undefined) return { kind: 'other' };
  const value = ['=', '==', '('].some((sign) => cursor.takeOperator(sign)) ? valueOf(cursor) : undefined;
  return { kind: 'pragma', pragma: name.toLowerCase(), value };
}

function valueOf(cursor: TokenCursor): string | undefined {
  const sign = cursor.takeOperator('-') ? '-' : '';
  if (sign === '') cursor.takeOperator('+');
  const value = cursor.takeName() ?? cursor.token?.text;
  return value === undefined ? undefined : `${sign}${value}`;
}
