import { expect, test } from 'vitest';
import { sqliteProject } from './fixtures/command/project.ts';
import { onSqlite } from './fixtures/command/tools.ts';

test.each(onSqlite)(
  '$name on SQLite is rehearsed, swapped in, and agrees',
  async ({ words, files, applied, status }) => {
    const project = await sqliteProject(files);
    const [asked, answer] = status;
    const gated = await project.json(['gate', '--', ...words]);
    expect(gated).toMatchObject({ outcome: 'passed' });
    expect(await project.read("SELECT name FROM sqlite_schema WHERE name = 'notes'")).toEqual([]);

    const result = await project.up(words);
    expect(result).toMatchObject({ outcome: 'promoted', migrations: [{ promotion: 'swap' }] });
    expect(result.findings.map(({ message }) => message)).toContain(applied);
    expect(await project.read("SELECT name FROM pragma_table_info('notes')")).toContain('title');
    expect(await project.read('SELECT count(*) FROM users')).toEqual([2]);

    const [program = '', ...args] = asked;
    const own = words[0] === 'dbmate' ? 'sqlite:app.db' : 'app.db';
    const path = `${project.root}/node_modules/.bin:${process.env['PATH']}`;
    const said = await project.run(program, args, { DATABASE_URL: own, PATH: path });
    expect(`${said.stdout}${said.stderr}`).toContain(answer);

    const again = await project.up(words);
    expect(again).toMatchObject({ outcome: 'nothing-pending', exitCode: 0 });
    expect(again.findings.map(({ message }) => message)).toContain(
      'It ended well and changed nothing: there was nothing to apply.',
    );
  },
);

test('a branch on which a tool was run is promoted as it is, and the tool goes on from there', async () => {
  const [dbmate] = onSqlite;
  const project = await sqliteProject({ ...dbmate?.files, 'forerun.config.mjs': configured });
  await project.forerun(['branch', '--name', 'tried']);
  await project.run('sh', [
    '-c',
    'node_modules/.bin/dbmate --url "sqlite:$(echo .forerun/copies/br_*.db)" --no-dump-schema up',
  ]);
  const result = await project.json(['promote', 'tried']);
  expect(result).toMatchObject({ outcome: 'promoted', exitCode: 0 });
  expect(result.findings.filter(({ gate }) => gate === 'drift')).toEqual([]);
  const without = await project.json(['up', '--', ...(dbmate?.words ?? [])]);
  expect(without.findings.map(({ message }) => message)).toEqual(['Nothing new stands in schema_migrations.']);
  const marked = await project.forerun(['baseline', '20260102000000', '--adapter', 'command']);
  expect(marked).toMatchObject({ exitCode: 0 });
});

test('a command is pending always, and nothing can be marked for it', async () => {
  const project = await sqliteProject({ 'forerun.config.mjs': configured });
  const marked = await project.forerun(['baseline', 'dbmate up']);
  expect(marked.exitCode).toBe(2);
  expect(marked.stderr).toContain('dbmate up is pending always');
});

const configured = `import { command } from 'forerun/command';
export default { source: command({ up: 'dbmate up' }) };
`;
