import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { postgresProject } from './fixtures/command/project.ts';
import { onPostgres } from './fixtures/command/tools.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server?.stop());

test.each(onPostgres)(
  '$name on PostgreSQL is rehearsed, run on main in the sight of the journal, and agrees',
  async ({ words, files, applied, status }) => {
    const project = await postgresProject(server, files);
    const [asked, answer] = status;
    const result = await project.up(words);
    expect(result.error).toBeUndefined();
    expect(result).toMatchObject({ outcome: 'promoted', migrations: [{ promotion: 'journalled' }] });
    expect(result.findings.filter(({ message }) => message === applied)).toHaveLength(1);
    expect(await project.read("SELECT attname FROM pg_attribute WHERE attrelid = 'notes'::regclass")).toContain(
      'title',
    );
    const [journal] = await project.read('SELECT entry FROM _forerun_journal');
    expect(JSON.parse(String(journal))).toMatchObject({ phase: 'finished' });

    const [program = '', ...args] = asked;
    const path = `${project.root}/node_modules/.bin:${process.env['PATH']}`;
    const said = await project.run(program, args, { DATABASE_URL: project.address, PATH: path });
    expect(`${said.stdout}${said.stderr}`).toContain(answer);

    expect(await project.up(words)).toMatchObject({ outcome: 'nothing-pending', exitCode: 0 });
  },
);
