import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ForerunError, isForerunError, messageOf } from '../error.ts';
import type { Connection, Driver } from '../seams/driver.ts';
import type { Check, CheckAnswer } from '../setup.ts';
import { checkStatements, isCode, refuseSilent, wrongCheck, type CheckStatement } from './sql-text.ts';

/**
 * One check a file of a folder, in order of name. Each statement of a file is a question, and any row that it returns a
 * finding. A statement under a line `-- forerun: must fail <code>` is one that the database must refuse with that code.
 */
export async function sqlChecks(directory: string, required: boolean): Promise<readonly Check[]> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (!required) return [];
    throw new ForerunError('CONFIG', `The folder of checks cannot be read: ${directory} (${messageOf(error)}).`, {
      details: { keys: ['checks'] },
      next: 'Correct "checks" in the configuration, or create the folder.',
    });
  });
  return names
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => fileCheck(name, join(directory, name)));
}

function fileCheck(name: string, path: string): Check {
  return {
    name,
    async prepare({ driver, main }) {
      await using connection = await driver.open(main);
      for (const statement of await statementsIn(path, driver)) {
        await refuseNone(driver, connection, path, statement);
        refuseSilent(path, statement);
      }
    },
    async run(branch, { driver }) {
      await using connection = await driver.open(branch);
      const answers: CheckAnswer[] = [];
      for (const statement of await statementsIn(path, driver)) answers.push(await ask(driver, connection, statement));
      const failed = answers.filter((answer) => !answer.ok);
      return { ok: failed.length === 0, output: failed.map((answer) => answer.output).join('\n') };
    },
  };
}

/** A driver may be able to read a text only once a connection is open. */
async function statementsIn(path: string, driver: Driver): Promise<readonly CheckStatement[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw wrongCheck(path, 1, `it cannot be read (${messageOf(error)})`, 'Check the rights of the file.');
  });
  try {
    return checkStatements(text, path, (sql) => driver.statements(sql));
  } catch (error) {
    if (isForerunError(error, 'STATEMENT_FAILED'))
      throw wrongCheck(path, error.details.where.line ?? 1, bare(error.message), correct);
    if (isForerunError(error, 'BAD_MIGRATION'))
      throw wrongCheck(path, error.details.where?.line ?? 1, bare(error.message), error.next ?? correct);
    throw error;
  }
}

const correct = 'Correct the statement.';

/** What is missing from main may be made by a migration; what is no SQL never becomes any. EXPLAIN runs nothing. */
async function refuseNone(
  driver: Driver,
  connection: Connection,
  path: string,
  { sql, line }: CheckStatement,
): Promise<void> {
  if (driver.isNoStatement === undefined || /^(?:pragma|explain)\b/i.test(sql)) return;
  try {
    await connection.query(`EXPLAIN ${sql}`);
  } catch (error) {
    if (driver.isNoStatement(error)) throw wrongCheck(path, line, bare(messageOf(error)), correct);
  }
}

function bare(message: string): string {
  return message.replace(/\.$/, '');
}

async function ask(driver: Driver, session: Connection, { sql, mustFail }: CheckStatement): Promise<CheckAnswer> {
  const head = sql.split('\n', 1)[0] ?? '';
  try {
    const rows = await session.query(sql);
    if (mustFail !== undefined)
      return { ok: false, output: `The database accepted what it must refuse with ${mustFail}: ${head}` };
    return rows.length === 0 ? { ok: true, output: '' } : { ok: false, output: foundRows(head, rows) };
  } catch (error) {
    const code = driver.codeOf(error);
    if (mustFail !== undefined && code !== undefined && isCode(code, mustFail)) return { ok: true, output: '' };
    const wanted = mustFail === undefined ? '' : `, not with ${mustFail}`;
    const words = await wordsOf(driver, session, sql, error);
    return { ok: false, output: `It failed with ${code ?? 'an error without a code'}${wanted}: ${words} (${head})` };
  }
}

/** What fails as early as in EXPLAIN is the text itself; what fails in running can hold values. */
async function wordsOf(driver: Driver, connection: Connection, sql: string, error: unknown): Promise<string> {
  const message = messageOf(error);
  const early = await connection.query(`EXPLAIN ${sql}`).then(
    () => false,
    (other: unknown) => messageOf(other) === message,
  );
  return early ? message : driver.wordsOf(error, { connection, sql });
}

/** Counts and columns only: values stay in the database. */
function foundRows(head: string, rows: readonly Readonly<Record<string, unknown>>[]): string {
  const columns = Object.keys(rows[0] ?? {}).join(', ');
  return `${rows.length} ${rows.length === 1 ? 'row' : 'rows'} (${columns}) found by: ${head}`;
}
