import { quoteIdentifier } from '../../drivers/postgres/names.ts';
import type { Row, Session } from '../../seams/driver.ts';
import { commentStatement, type Attributes } from './attributes.ts';
import { quoteLiteral } from './quote.ts';
import { commentOf, type CopyRecord } from './records.ts';
import type { ServerSession } from './session.ts';

/** Encoding, collation and tablespace, as `CREATE DATABASE … TEMPLATE template0` takes them. */
export interface Locale {
  readonly clauses: string;
  readonly tablespace: string;
}

export async function localeOf(session: Session, database: string): Promise<Locale> {
  const [row = {}] = await session.query(
    `SELECT to_jsonb(d) || jsonb_build_object('charset', pg_encoding_to_char(encoding), 'tablespace', spcname) AS about
    FROM pg_database d JOIN pg_tablespace t ON t.oid = dattablespace WHERE datname = $1`,
    [database],
  );
  const about = row['about'] as Row;
  return { clauses: localeClauses(about), tablespace: String(about['tablespace']) };
}

/** Columns and clauses were added over the versions: 15 providers, 16 rules, 17 the builtin provider. */
function localeClauses(about: Row): string {
  const text = (name: string): string => quoteLiteral(String(about[name]));
  const clauses = [`ENCODING ${text('charset')}`, `LC_COLLATE ${text('datcollate')}`, `LC_CTYPE ${text('datctype')}`];
  const locale = about['datlocale'] ?? about['daticulocale'];
  if (about['datlocprovider'] === 'i')
    clauses.push('LOCALE_PROVIDER icu', `ICU_LOCALE ${quoteLiteral(String(locale))}`);
  if (about['datlocprovider'] === 'b') {
    clauses.push('LOCALE_PROVIDER builtin', `BUILTIN_LOCALE ${quoteLiteral(String(locale))}`);
  }
  if (typeof about['daticurules'] === 'string') clauses.push(`ICU_RULES ${text('daticurules')}`);
  return clauses.join(' ');
}

/** A database without anything, with the record of a copy that is being made: filling it takes a while. */
export async function createEmpty(
  session: ServerSession,
  record: CopyRecord,
  name: string,
  like: { readonly attributes: Attributes; readonly locale: Locale; readonly sameServer: boolean },
): Promise<void> {
  const { owner, connectionLimit } = like.attributes;
  const { clauses, tablespace } = like.locale;
  const where = like.sameServer && tablespace !== 'pg_default' ? `TABLESPACE ${quoteIdentifier(tablespace)}` : '';
  await session.query(
    `CREATE DATABASE ${quoteIdentifier(name)} TEMPLATE template0 OWNER ${quoteIdentifier(owner)} ${clauses} ${where}
      CONNECTION LIMIT ${connectionLimit}`,
  );
  await session.query(commentStatement(name, commentOf(record)));
}
