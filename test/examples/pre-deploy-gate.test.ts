import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { copyExample } from './folder.ts';
import { masked, runReadme } from './readme.ts';

test('the gate does what its README shows', { timeout: 300_000 }, async () => {
  const { readme, folder } = await copyExample('pre-deploy-gate');
  const { shown, printed } = await runReadme(readme, folder);
  expect(shown.length).toBe(4);
  expect(masked(printed, folder)).toEqual(masked(shown, folder));
});

test(
  'the shell version lets a good migration pass, and stops one that loses rows, naming table and count',
  { timeout: 300_000 },
  async () => {
    const { folder } = await copyExample('pre-deploy-gate');
    await execa('node', ['seed.js'], { cwd: folder });
    const gate = async (migrations: string): Promise<{ exitCode: number | undefined; stdout: string }> => {
      const { exitCode, stdout } = await execa('sh', ['gate.sh', 'app.db', migrations], { cwd: folder, reject: false });
      return { exitCode, stdout };
    };
    expect(await gate('good')).toMatchObject({ exitCode: 0, stdout: 'Gate: passed' });
    const lossy = await gate('lossy');
    expect(lossy.exitCode).toBe(3);
    expect(lossy.stdout).toContain('3 rows of invoices are gone');
    const database = new Database(join(folder, 'app.db'), { readonly: true });
    expect(database.prepare('SELECT count(*) FROM invoices').pluck().get()).toBe(5);
    expect(database.prepare("SELECT count(*) FROM sqlite_schema WHERE type = 'table'").pluck().get()).toBe(1);
    database.close();
  },
);

test('the workflow runs the gate as the shell version does', async () => {
  const { folder } = await copyExample('pre-deploy-gate');
  const workflow = await readFile(join(folder, 'github-workflow.yml'), 'utf8');
  expect(workflow).toContain('npx forerun gate --json > gate.json');
});
