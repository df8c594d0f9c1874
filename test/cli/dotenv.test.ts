import { symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { environment, forerun } from '../support/cli.ts';
import { newProject } from '../support/project.ts';

test('a .env that names the database is told, with how to load it, and not what it holds', async () => {
  const { root, migration } = await newProject();
  await migration('001_a.sql', 'CREATE TABLE a (id INTEGER PRIMARY KEY);');
  await writeFile(join(root, '.env'), 'OTHER=1\nexport DATABASE_URL="app.db"\n');
  const { stderr, exitCode } = await forerun(['status'], { cwd: root });
  expect(exitCode).toBe(2);
  expect(stderr).toContain(`No database is named.\n→ ${join(root, '.env')} sets DATABASE_URL, and is not read`);
  expect(stderr).not.toContain('app.db');
  await symlink(resolve('node_modules'), join(root, 'node_modules'));
  const [, option = ''] = /load it with node (\S+) node_modules\/\.bin\/forerun/.exec(stderr) ?? [];
  const told = await execa('node', [option, 'node_modules/.bin/forerun', 'status'], {
    cwd: root,
    env: environment(),
    extendEnv: false,
  });
  expect(told.stdout).toContain('pending  001_a');
});

test.each([
  ['another variable', 'DATABASE_URLS=app.db\n# DATABASE_URL=app.db\n'],
  ['an empty one', 'DATABASE_URL=\nOTHER=1\n'],
])('a .env with %s is not told', async (_, text) => {
  const { root } = await newProject();
  await writeFile(join(root, '.env'), text);
  const { stderr } = await forerun(['status'], { cwd: root });
  expect(stderr).toContain('No database is named.\n→ Give --database <path>');
});
