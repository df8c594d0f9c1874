import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { forerun, forerunJson } from '../support/cli.ts';
import { newProject, type Project } from '../support/project.ts';

/** Everything of the project prints: its configuration, a migration in code, a check function, a command. */
const loud = `
import { sqlite } from 'forerun/sqlite';
console.log('LOUD config');
process.stdout.write('LOUD config again\\n');
const driver = sqlite();
const up = async (target, attempt) => {
  console.log('LOUD migration');
  await driver.script('CREATE TABLE products (id INTEGER PRIMARY KEY)')(target, attempt);
};
export default {
  database: 'app.db',
  source: { name: 'loud', migrations: async () => [{ version: '001', name: '001_loud', checksum: 'test:1', text: '', language: 'code', up }] },
  verify: { loud: async () => { console.log('LOUD check'); return true; } },
  validate: ['node -e "console.log(\\'LOUD command\\')"'],
};`;

async function loudProject(): Promise<Project> {
  const project = await newProject();
  await writeFile(join(project.root, 'forerun.config.mjs'), loud);
  return project;
}

describe('--json', () => {
  it.each(['up --safe', 'up', 'gate', 'status', 'checkpoints', 'checkpoint', 'branch', 'doctor', 'diff main main'])(
    'prints one document and nothing else, whatever a project prints: %s',
    async (line) => {
      const { root } = await loudProject();
      const { stdout, stderr, exitCode } = await forerun([...line.split(' '), '--json'], { cwd: root });
      expect(() => JSON.parse(stdout)).not.toThrow();
      expect(stdout).not.toMatch(/^LOUD/m);
      expect(stderr).toContain('LOUD config\n');
      expect(exitCode).toBe(0);
    },
  );

  it('leaves stdout to the result without it, too', async () => {
    const { root } = await loudProject();
    const { stdout, stderr } = await forerun(['up', '--safe'], { cwd: root });
    expect(stdout).not.toContain('LOUD');
    expect(stdout).toMatch(/^Migration +Outcome/);
    expect(stderr).toContain('LOUD migration\n');
    expect(stderr).toContain('LOUD check\n');
  });

  it('has the same keys in the same order, whatever happens', async () => {
    const project = await newProject();
    await project.migration('001_a.sql', 'CREATE TABLE a (id INTEGER PRIMARY KEY);');
    const args = ['--database', 'app.db'];
    const documents = [
      await forerunJson(['gate', ...args], { cwd: project.root }),
      await forerunJson(['up', '--safe', ...args], { cwd: project.root }),
      await forerunJson(['up', '--safe', ...args], { cwd: project.root }),
      await forerunJson(['up', '--sfae', ...args], { cwd: project.root }),
    ];
    expect(documents.map((document) => document.outcome)).toEqual(['passed', 'promoted', 'nothing-pending', 'failed']);
    const keys = [
      'outcome',
      'exitCode',
      'verb',
      'database',
      'provider',
      'run',
      'startedAt',
      'ms',
      'migrations',
      'drift',
      'findings',
      'copies',
    ];
    for (const document of documents) expect(Object.keys(document).slice(0, keys.length)).toEqual(keys);
  });

  it('tells what failed with its file, line and statement, and no stack', async () => {
    const project = await newProject();
    await project.migration('001_bad.sql', 'CREATE TABLE a (id INTEGER);\n\nCREATE TABEL b (id INTEGER);');
    const result = await forerunJson(['up', '--safe', '--database', 'app.db'], { cwd: project.root });
    expect(result).toMatchObject({
      outcome: 'blocked',
      exitCode: 3,
      migrations: [{ name: '001_bad', outcome: 'blocked' }],
      findings: [{ severity: 'block', where: { file: join(project.root, 'migrations/001_bad.sql'), line: 3 } }],
    });
    expect(JSON.stringify(result)).not.toContain('"stack"');
  });

  it('of a verb that has no run names the database that is not there', async () => {
    const { root } = await newProject();
    const document = await forerunJson(['status', '--database', 'none.db'], { cwd: root });
    expect(document).toMatchObject({ exitCode: 2, database: `sqlite:${join(root, 'none.db')}` });
  });

  it('of a database that is not there is a failed run with advice', async () => {
    const project = await newProject();
    const result = await forerunJson(['up', '--safe', '--database', 'nowhere.db'], { cwd: project.root });
    expect(result).toMatchObject({ outcome: 'failed', exitCode: 2, error: { code: 'BAD_TARGET' } });
    expect(result.error?.next).toBeTruthy();
  });
});
