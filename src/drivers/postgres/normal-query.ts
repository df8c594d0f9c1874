import { parse, tokensOf } from './parser.ts';

/**
 * A query of another session for people to see: without comments, and with `$1`, `$2`, … for every constant, so that no
 * value is in it. Of what cannot be read (PostgreSQL cuts long queries off), only the leading words are left.
 */
export function normalQuery(sql: string): string {
  // Without a parse, a string with backslashes may end elsewhere than the scanner thinks.
  const tokens = 'unreadable' in parse(sql) ? undefined : tokensOf(sql);
  if (tokens === undefined) return leadingWords(sql);
  let constants = tokens.reduce((most, { text }) => Math.max(most, Number(/^\$(\d+)$/.exec(text)?.[1] ?? 0)), 0);
  let normal = '';
  let end = 0;
  for (const { kind, text, start, end: behind } of tokens) {
    if (kind === 'comment') continue;
    if (normal !== '' && start > end) normal += ' ';
    normal += kind === 'constant' ? `$${(constants += 1)}` : text;
    end = behind;
  }
  return normal.length > longest ? `${normal.slice(0, longest)} …` : normal;
}

const longest = 500;

/** Words of the language that no value can be mistaken for. */
function leadingWords(sql: string): string {
  const words =
    /^\s*((?:[a-z]+\s+)*)/i
      .exec(`${sql.slice(0, longest)} `)?.[1]
      ?.trim()
      .split(/\s+/) ?? [];
  const foreign = words.findIndex((word) => !keywords.has(word.toUpperCase()));
  const leading = words.slice(0, foreign < 0 ? undefined : foreign).join(' ');
  return leading === '' ? '…' : `${leading} …`;
}

const keywords: ReadonlySet<string> = new Set(
  `ALTER ANALYZE BEGIN CALL CLUSTER COMMENT COMMIT CONCURRENTLY COPY CREATE DATABASE DECLARE DELETE DO DROP EXECUTE EXPLAIN
  FETCH FROM FUNCTION GRANT INDEX INSERT INTO LOCK MATERIALIZED MERGE PREPARE PROCEDURE REFRESH REINDEX RELEASE REVOKE
  ROLE ROLLBACK SAVEPOINT SCHEMA SELECT SEQUENCE SET SHOW START TABLE TRANSACTION TRIGGER TRUNCATE TYPE UNIQUE UPDATE USER
  VACUUM VALUES VIEW WITH`.split(/\s+/),
);
