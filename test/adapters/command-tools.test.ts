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
