import type { Session } from '../../seams/driver.ts';

/**
 * Runs `body` under settings that make PostgreSQL's own texts (definitions, values) the same whatever the session, the
 * role or the database has set; they are as before afterwards, also where `body` throws. `version` is
 * `server_version_num`.
 *
 * Inside a transaction this is a savepoint that is rolled back, which also gives the locks back that reading takes:
 * `body` must only read. Outside one it is a transaction of its own, so that no snapshot stays behind.
 */
export async function underFixedSettings<T>(session: Session, body: (version: number) => Promise<T>): Promise<T> {
  const { version, end } = isInside(session) ? await inSavepoint(session) : await asked(session);
  try {
    const result = await body(version);
    await end();
    return result;
  } catch (error) {
    // The first error is what went wrong; a session that is lost cannot be put back.
    await end().catch(() => {});
    throw error;
  }
}

/** Sets the same until the transaction at hand ends, which is the caller's own. */
export async function fixSettings(session: Session): Promise<void> {
  await session.query(fix);
}

interface Fixed {
  readonly version: number;
  end(): Promise<void>;
}

/** A session of ours that is known to be in a transaction. */
interface Inside extends Session {
  readonly inTransaction: true;
  readonly version: number;
}

function isInside(session: Session): session is Inside {
  return 'inTransaction' in session;
}

/** One round trip to begin and one to end: it is done several times for each migration. */
async function inSavepoint(session: Inside): Promise<Fixed> {
  await session.query(`SAVEPOINT ${savepoint}; ${fix}`);
  return {
    version: session.version,
    async end() {
      await session.query(`ROLLBACK TO SAVEPOINT ${savepoint}; RELEASE SAVEPOINT ${savepoint}`);
    },
  };
}

async function asked(session: Session): Promise<Fixed> {
  const [row] = await session.query(
    `SELECT current_setting('server_version_num')::int AS version, now() = statement_timestamp() AS alone`,
  );
  const end = row?.['alone'] === true ? await begin(session) : await savepointOrBegin(session);
  try {
    await session.query(fix);
  } catch (error) {
    await end().catch(() => {});
    throw error;
  }
  return { version: Number(row?.['version']), end };
}

type End = () => Promise<void>;

async function begin(session: Session): Promise<End> {
  await session.query('BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY');
  return async () => {
    await session.query('ROLLBACK');
  };
}

/** A transaction begins before its later statements; some protocols let a lone statement look so too. */
async function savepointOrBegin(session: Session): Promise<End> {
  try {
    await session.query(`SAVEPOINT ${savepoint}`);
  } catch (error) {
    // There is none to make a savepoint in.
    if (hasCode(error, '25P01')) return begin(session);
    throw error;
  }
  return async () => {
    await session.query(`ROLLBACK TO SAVEPOINT ${savepoint}`);
    await session.query(`RELEASE SAVEPOINT ${savepoint}`);
  };
}

const savepoint = 'forerun_reading';

/** Whether an error is the server's with that code, or was made of one. */
export function hasCode(error: unknown, code: string): boolean {
  if (!(error instanceof Error)) return false;
  return ('code' in error && error.code === code) || hasCode(error.cause, code);
}

/**
 * Row security would leave rows out without a word: off, it is an error. The just-in-time compiler takes longer than
 * any of our queries.
 */
const settings: Readonly<Record<string, string>> = {
  search_path: '',
  timezone: 'UTC',
  datestyle: 'ISO, YMD',
  intervalstyle: 'postgres',
  extra_float_digits: '1',
  bytea_output: 'hex',
  lc_monetary: 'C',
  xmlbinary: 'base64',
  quote_all_identifiers: 'off',
  standard_conforming_strings: 'on',
  row_security: 'off',
  jit: 'off',
};

const fix = `SELECT ${Object.entries(settings)
  .map(([name, value]) => `set_config('${name}', '${value}', true)`)
  .join(', ')}`;
