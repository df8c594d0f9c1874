import { link, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { blocks, deployed } from './fixtures/umzug/deployed.ts';
import { deploy, moduleLevelDatabase, running, sharing } from './fixtures/umzug/programs.ts';
import { umzugProject } from './fixtures/umzug/project.ts';

describe('a child process refuses to open main', () => {
  const leaks: readonly [string, Record<string, string>][] = [
    [
      'by a connection of a module',
      {
        'lib/db.mjs': moduleLevelDatabase,
        'migrations/001_leak.mjs':
          "import { db } from '../lib/db.mjs';\nexport const up = async () => db.exec('CREATE TABLE leaked (i)');\n",
      },
    ],
    ['by another name', { 'migrations/001_leak.mjs': opening("'./migrations/../link.db'") }],
    ['by a hard link', { 'migrations/001_leak.mjs': opening("'hard.db'") }],
    ['by an address', { 'migrations/001_leak.mjs': opening("'file:app.db?mode=rw'") }],
    ['by ATTACH', { 'migrations/001_leak.mjs': running("ATTACH 'app.db' AS other") }],
    [
      'by a backup onto it',
      { 'migrations/001_leak.mjs': "export const up = ({ context }) => context.db.backup('app.db');\n" },
    ],
  ];

  test.each(leaks)('%s', async (_way, files) => {
    const project = await umzugProject({ 'migrator.mjs': sharing, 'deploy.mjs': deploy, ...files });
    await symlink('app.db', join(project.root, 'link.db'));
    await link(project.path, join(project.root, 'hard.db'));
    const result = await deployed(project);
    expect(result).toMatchObject({ outcome: 'blocked', exitCode: 3 });
    expect(blocks(result)).toEqual([expect.stringContaining('001_leak.mjs: Opening main was refused')]);
    expect(project.tables()).toEqual(['users']);
  });

  test('and lets everything else be opened', async () => {
    const project = await umzugProject({
      'migrator.mjs': sharing,
      'deploy.mjs': deploy,
      'migrations/001_other.mjs': `import Database from 'better-sqlite3';
export const up = async ({ context }) => {
  const other = new Database('other.db');
  other.exec('CREATE TABLE IF NOT EXISTS o (i); INSERT INTO o VALUES (1)');
  other.close();
  const note = context.db.prepare('INSERT INTO users (email) VALUES (?)');
  note.run('app.db');
  note.run("ATTACH 'app.db'");
};
`,
    });
    expect(await deployed(project)).toMatchObject({ outcome: 'promoted' });
    expect(project.read('SELECT email FROM users WHERE id > 2')).toEqual(['app.db', "ATTACH 'app.db'"]);
  });
});

describe('a program that a migration starts', () => {
  const files = (options: string): Readonly<Record<string, string>> => ({
    'migrator.mjs': sharing,
    'deploy.mjs': deploy,
    'elsewhere.mjs': `import { db } from './lib/db.mjs';\ndb.exec("INSERT INTO users (email) VALUES ('eve@example.com')");\n`,
    'lib/db.mjs': moduleLevelDatabase,
    'migrations/001_leak.mjs': `import { execFileSync } from 'node:child_process';
export const up = async () => execFileSync(process.execPath, ['elsewhere.mjs'], ${options});
`,
  });

  test('is refused main as well', async () => {
    const project = await umzugProject(files("{ stdio: 'pipe', encoding: 'utf8' }"));
    const result = await deployed(project);
    expect(result).toMatchObject({ outcome: 'blocked', exitCode: 3 });
    expect(blocks(result)).toEqual([expect.stringContaining('Opening main was refused')]);
    expect(project.read('SELECT count(*) FROM users')).toEqual([2]);
  });

  test('is found out on main where nothing refuses it', async () => {
    const project = await umzugProject(files("{ env: { ...process.env, NODE_OPTIONS: '' } }"));
    expect(await deployed(project)).toMatchObject({
      outcome: 'needs-person',
      exitCode: 4,
      error: { message: expect.stringContaining('While 001_leak.mjs ran on a branch, main was written') },
    });
  });
});

function opening(path: string): string {
  return `import Database from 'better-sqlite3';
export const up = async () => new Database(${path}).exec('CREATE TABLE leaked (i)');
`;
}
