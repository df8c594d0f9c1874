import { execFileSync } from 'node:child_process';
import { chmodSync, linkSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { sqlite } from '../../src/drivers/sqlite.ts';
import { newFile, newFolder } from './fixtures/sqlite-file.ts';
import { startApplication } from './fixtures/sqlite-processes.ts';

const linux = process.platform === 'linux';

describe('watching a SQLite file', () => {
  test.each(['delete', 'wal'])(
    'sees commits of this process by other connections, rollbacks not, and backups that read not (%s)',
    async (mode) => {
      const file = newFile('CREATE TABLE t (a)', { pragmas: `PRAGMA journal_mode = ${mode}` });
      await using watch = await file.driver.watch?.(file.target);
      file.run('INSERT INTO t VALUES (1)');
      expect(await watch?.moved()).toBe(true);
      file.run('BEGIN; INSERT INTO t VALUES (2); ROLLBACK; SELECT * FROM t');
      await file.driver.examine(file.target);
      const database = new Database(file.path);
      await database.backup(join(newFolder(), 'copy.db'));
      database.close();
      expect(await watch?.moved()).toBe(false);
    },
  );

  test.runIf(linux)('finds an application that has the file open under another name', async () => {
    const file = newFile('CREATE TABLE t (a)');
    await using watch = await file.driver.watch?.(file.target);
    const other = join(dirname(file.path), 'other.db');
    linkSync(file.path, other);
    const application = await startApplication(sqlite().target(other));
    expect(await watch?.shared()).toBe(true);
    await application.end();
    expect(await watch?.shared()).toBe(false);
    unlinkSync(other);
  });

  test.runIf(linux && process.getuid?.() === 0)(
    'does not say that it is alone where other processes cannot be looked into',
    async () => {
      const folder = newFolder(tmpdir());
      chmodSync(folder, 0o777);
      const path = join(folder, 'app.db');
      new Database(path).exec('CREATE TABLE t (a)').close();
      const target = sqlite().target(path);
      const program = `import { sqlite } from '${process.cwd()}/dist/src/drivers/sqlite.js'; const driver = sqlite();
      process.setgid(65534); process.setuid(65534);
      const watch = await driver.watch(driver.target(process.argv[1]));
      console.log(String(await watch.shared()));`;
      const asNobody = (): string =>
        execFileSync(process.execPath, ['--input-type=module', '-e', program, path], { encoding: 'utf8' }).trim();
      // This process runs as root and has the file open, which a process of another user cannot see.
      const application = await startApplication(target);
      chmodSync(path, 0o666);
      expect(asNobody()).toBe('undefined');
      await application.end();
    },
  );
});
