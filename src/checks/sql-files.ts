import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ForerunError, messageOf } from '../error.ts';
import type { Connection, Driver } from '../seams/driver.ts';
import type { Check, CheckAnswer } from '../setup.ts';

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
    async run(branch, { driver }) {
      const text = await readFile(path, 'utf8');
      await using connection = await driver.open(branch);
      const answers: CheckAnswer[] = [];
      for (const statement of driver.statements(text))
        answers.push(await ask(driver, connection, statement.sql, statement.comment));
      const failed = answers.filter((answer) => !answer.ok);
      if (answers.length === 0) return { ok: false, output: `${name} has no statement.` };
      return { ok: failed.length === 0, output: failed.map((answer) => answer.output).join('\n') };
    },
  };
}

async function ask(driver: Driver, session: Connection, sql: string, comment: string): Promise<CheckAnswer> {
  const expected = /--\s*forerun:\s*must fail\s+(\S+)/i.exec(comment)?.[1];
  const head = sql.split('\n', 1)[0] ?? '';
  try {
    const rows = await session.query(sql);
    if (expected !== undefined)
      return { ok: false, output: `The database accepted what it must refuse with ${expected}: ${head}` };
    return rows.length === 0 ? { ok: true, output: '' } : { ok: false, output: foundRows(head, rows) };
  } catch (error) {
    const code = driver.codeOf(error) ?? 'an error without a code';
    if (expected !== undefined && code === expected) return { ok: true, output: '' };
    const wanted = expected === undefined ? '' : `, not with ${expected}`;
    const words = await wordsOf(driver, session, sql, error);
    return { ok: false, output: `It failed with ${code}${wanted}: ${words} (${head})` };
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
