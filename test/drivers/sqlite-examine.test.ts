import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { sqlite } from '../../src/drivers/sqlite.ts';
import { failure, newFile, newFolder } from './fixtures/sqlite-file.ts';
import { startApplication } from './fixtures/sqlite-processes.ts';

const driver = sqlite();
const root = process.getuid?.() === 0;

function databaseIn(folder: string, journalMode = 'delete'): string {
  const path = join(folder, 'app.db');
  const database = new Database(path);
  database.pragma(`journal_mode = ${journalMode}`);
  database.exec('CREATE TABLE t (a); INSERT INTO t VALUES (1)');
  database.close();
  return path;
}

async function refusal(path: string): Promise<string> {
  const error = await failure(driver.examine(driver.target(path)));
  expect(error.code, error.message).toBe('BAD_TARGET');
  expect(error.next).toMatch(/\w/);
  return error.message;
}

describe('examining a SQLite file', () => {
  test('refuses what is no file at all', async () => {
    const folder = newFolder();
    expect(await refusal(join(folder, 'none.db'))).toMatch(/^There is no database at/);
    expect(await refusal(join(databaseIn(newFolder()), 'x.db'))).toMatch(/^There is no database at/);
    mkdirSync(join(folder, 'dir.db'));
    expect(await refusal(join(folder, 'dir.db'))).toMatch(/is a directory/);
    execFileSync('mkfifo', [join(folder, 'pipe.db')]);
    expect(await refusal(join(folder, 'pipe.db'))).toMatch(/is no regular file/);
  });

  test('refuses what is no database, or only a part of one', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'text.db'), 'hello '.repeat(2000));
    expect(await refusal(join(folder, 'text.db'))).toMatch(/no SQLite database, or it is encrypted/);
    writeFileSync(join(folder, 'short.db'), 'abc');
    expect(await refusal(join(folder, 'short.db'))).toMatch(/no SQLite database, or it is encrypted/);
    const { path } = newFile('CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(100000))');
    truncateSync(path, 4096 * 2);
    expect(await refusal(path)).toMatch(/is damaged/);
  });

  test('takes an empty file for an empty database', async () => {
    const path = join(newFolder(), 'new.db');
    writeFileSync(path, '');
    await driver.examine(driver.target(path));
  });

  test.runIf(root).each(['delete', 'wal'])(
    'refuses a file that cannot be written, though the system lets root do most things (%s)',
    async (journalMode) => {
      const folder = newFolder(tmpdir());
      const path = databaseIn(folder, journalMode);
      execFileSync('chattr', ['+i', path]);
      onTestFinished(() => void execFileSync('chattr', ['-i', path]));
      expect(await refusal(path)).toMatch(/app\.db cannot be written by this user \(EPERM\)/);
    },
  );

  test.runIf(root).each(['delete', 'wal'])(
    'refuses a file in a folder that cannot be written (%s)',
    async (journalMode) => {
      const folder = newFolder(tmpdir());
      const path = databaseIn(folder, journalMode);
      execFileSync('chattr', ['+i', folder]);
      onTestFinished(() => void execFileSync('chattr', ['-i', folder]));
      expect(await refusal(path)).toMatch(/where SQLite keeps its journal, cannot be written by this user/);
    },
  );

  const asNobody = (path: string, use = 'writing'): string => {
    const program = `import { sqlite } from '${process.cwd()}/dist/src/drivers/sqlite.js'; const driver = sqlite();
        process.setgid(65534); process.setuid(65534);
        driver.examine(driver.target(process.argv[1]), process.argv[2]).then(() => console.log('fine'), (error) => console.log(error.code, error.message))`;
    return execFileSync(process.execPath, ['--input-type=module', '-e', program, path, use], {
      encoding: 'utf8',
    }).trim();
  };

  test.runIf(root)('refuses a file that the user may not read or write', async () => {
    const folder = newFolder(tmpdir());
    const path = databaseIn(folder);
    chmodSync(folder, 0o777);
    const withMode = (mode: number): string => {
      chmodSync(path, mode);
      return asNobody(path);
    };
    expect(withMode(0o600)).toMatch(/^BAD_TARGET .* cannot be opened: EACCES/);
    expect(withMode(0o644)).toMatch(/^BAD_TARGET .*app\.db cannot be written by this user \(EACCES\)/);
    expect(withMode(0o666)).toBe('fine');
  });

  test.runIf(root)('names the file beside the database that belongs to another user of it', async () => {
    const folder = newFolder(tmpdir());
    const path = databaseIn(folder, 'wal');
    chmodSync(folder, 0o777);
    const database = new Database(path);
    database.exec('INSERT INTO t VALUES (2)');
    for (const file of [path, `${path}-wal`]) chmodSync(file, 0o666);
    const withMode = (mode: number, use?: string): string => {
      chmodSync(`${path}-shm`, mode);
      return asNobody(path, use);
    };
    const named = /^BAD_TARGET .*app\.db-shm, which SQLite keeps beside the database, cannot be read and written/;
    expect(withMode(0o644)).toMatch(named);
    expect(withMode(0o600, 'reading')).toMatch(named);
    expect(withMode(0o666)).toBe('fine');
    database.close();
  });

  test('waits for an application that holds the whole file', async () => {
    const path = databaseIn(newFolder());
    const target = driver.target(path);
    const application = await startApplication(target);
    await application.run('BEGIN EXCLUSIVE; INSERT INTO t VALUES (2)');
    const examined = driver.examine(target).then(() => 'fine');
    await application.run('INSERT INTO t VALUES (3)');
    expect(await Promise.race([examined, Promise.resolve('waiting')])).toBe('waiting');
    await application.run('COMMIT');
    expect(await examined).toBe('fine');
    await application.end();
  });

  test('says after a while what it waits for, and so does a query', async () => {
    const path = databaseIn(newFolder());
    const target = driver.target(path);
    const application = await startApplication(target);
    const locked = async (read: (waiting: (message: string) => void) => Promise<unknown>): Promise<string> => {
      await application.run('BEGIN EXCLUSIVE');
      let done: Promise<unknown> = Promise.resolve();
      const told = await new Promise<string>((resolve) => void (done = read(resolve)));
      await application.run('COMMIT');
      await done;
      return told;
    };
    const limit = 'waiting for up to 30 s';
    expect(await locked((waiting) => driver.examine(target, 'reading', waiting))).toBe(
      `Another program has the database locked (reading ${path}); ${limit}.`,
    );
    await using connection = await driver.open(target, (message) => told(message));
    let told: (message: string) => void = () => {};
    const query = (waiting: typeof told): Promise<unknown> => {
      told = waiting;
      return connection.query('SELECT count(*) FROM t');
    };
    expect(await locked(query)).toBe(`Another program has the database locked (running a query); ${limit}.`);
    await application.end();
  });

  test('leaves a transaction of this process on the same file alone', async () => {
    const path = databaseIn(newFolder());
    const target = driver.target(path);
    const database = new Database(path);
    database.exec('BEGIN IMMEDIATE; INSERT INTO t VALUES (2)');
    await driver.examine(target);
    const application = await startApplication(target);
    const error = await failure(application.run('BEGIN IMMEDIATE'));
    expect(error.message).toContain('SQLITE_BUSY');
    database.exec('COMMIT');
    database.close();
    await application.end();
  });
});
