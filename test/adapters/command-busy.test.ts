import { expect, onTestFinished, test } from 'vitest';
import { execa } from 'execa';
import { until } from '../support/cli.ts';
import { sqliteProject } from './fixtures/command/project.ts';
import { onSqlite } from './fixtures/command/tools.ts';

const writing = `import Database from 'better-sqlite3';
const db = new Database('app.db');
db.pragma('busy_timeout = 30000');
let written = 0;
process.on('SIGTERM', () => {
  console.log(written);
  process.exit(0);
});
setInterval(() => (written += db.prepare('INSERT INTO hits VALUES (?)').run(written).changes), 10);
`;

test('a command is swapped in beside an application that never stops writing, and none of its rows is lost', async () => {
  const [dbmate] = onSqlite;
  const project = await sqliteProject({ ...dbmate?.files, 'application.mjs': writing });
  await project.write('PRAGMA journal_mode = wal; CREATE TABLE hits (n INTEGER)');
  const application = execa('node', ['application.mjs'], { cwd: project.root, reject: false });
  onTestFinished(() => void application.kill('SIGKILL'));
  await until(async () => Number((await project.read('SELECT count(*) FROM hits'))[0]) > 0);
  const result = await project.up(dbmate?.words ?? []);
  application.kill('SIGTERM');
  const { stdout } = await application;
  expect(result).toMatchObject({ outcome: 'promoted', migrations: [{ promotion: 'swap' }] });
  expect(result.findings.map(({ message }) => message)).toContain(dbmate?.applied);
  expect(await project.read('SELECT count(*) FROM hits')).toEqual([Number(stdout)]);
  expect(await project.read("SELECT name FROM pragma_table_info('notes')")).toContain('title');
});
