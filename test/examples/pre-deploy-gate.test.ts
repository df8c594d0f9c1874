import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
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

test('the shell version says in one line that forerun is not installed, and lets nothing pass', async () => {
  const { folder } = await copyExample('pre-deploy-gate');
  await rm(join(folder, '../node_modules'));
  const { exitCode, stdout } = await execa('sh', ['gate.sh', 'app.db', 'good'], { cwd: folder, reject: false });
  expect(exitCode).toBeGreaterThan(0);
  expect(stdout).toBe(
    'Gate: could not be run; what is said above tells why. Is forerun installed? npm install --save-dev forerun',
  );
});

describe('the workflow', () => {
  const steps = async (): Promise<{ readonly folder: string; readonly gate: string; readonly say: string }> => {
    const { folder } = await copyExample('pre-deploy-gate');
    const workflow = await readFile(join(folder, 'github-workflow.yml'), 'utf8');
    const gate = /run: (npx --no forerun gate .*)/.exec(workflow)?.[1] ?? '';
    const say = /name: Say why[^]*?run: \|\n([^]*?)\n {6}- /.exec(workflow)?.[1] ?? '';
    return { folder, gate, say };
  };

  test('tells each finding, and fails with the gate', async () => {
    const { folder, gate, say } = await steps();
    await execa('node', ['seed.js'], { cwd: folder });
    const shell = { cwd: folder, reject: false, env: { DATABASE_URL: 'app.db' } } as const;
    expect(await execa('sh', ['-c', `${gate} --migrations lossy`], shell)).toMatchObject({ exitCode: 3 });
    const { stdout } = await execa('sh', ['-c', say], shell);
    expect(stdout).toMatch(/^::error::002_archive 3 rows of invoices are gone .*$/);
  });

  test.each([
    ['what is configured wrongly', ' --migrations godo', '::error::The migration folder '],
    ['that there is no answer', ' --help', '::error::The gate could not be run'],
  ])('tells %s', async (_, options, said) => {
    const { folder, gate, say } = await steps();
    await execa('node', ['seed.js'], { cwd: folder });
    const shell = { cwd: folder, reject: false, env: { DATABASE_URL: 'app.db' } } as const;
    await execa('sh', ['-c', gate.replace(' --json', `${options} --json`)], shell);
    const { stdout, exitCode } = await execa('sh', ['-c', say], shell);
    expect(stdout).toContain(said);
    expect(exitCode).toBe(0);
  });
});
