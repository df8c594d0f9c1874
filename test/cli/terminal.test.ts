import { execa } from 'execa';
import { expect, test } from 'vitest';
import { entry, environment, forerun } from '../support/cli.ts';
import { newProject } from '../support/project.ts';

test('a dumb terminal gets neither colours nor a moving line', async () => {
  const { root, migration } = await newProject();
  await migration('001_products.sql', 'CREATE TABLE products (id INTEGER PRIMARY KEY);');
  const line = `TERM=dumb "${process.execPath}" "${entry}" up --safe --database app.db`;
  const { stdout } = await execa('script', ['-qec', line, '/dev/null'], {
    cwd: root,
    env: environment(),
    extendEnv: false,
  });
  expect(stdout).toContain('1 migration promoted');
  expect(stdout).not.toContain('\u001B');
});

test.each([
  [{ FORCE_COLOR: '1' }, true],
  [{ FORCE_COLOR: '0' }, false],
  [{ FORCE_COLOR: '1', NO_COLOR: '1' }, false],
  [{}, false],
])('colours are where they are asked for, also in a file: %o', async (env, coloured) => {
  const { root } = await newProject();
  const { stdout } = await forerun(['status', '--database', 'app.db', '--migrations', '.'], { cwd: root, env });
  // oxlint-disable-next-line no-control-regex -- that is what a colour is
  expect(/\u001B\[/.test(stdout)).toBe(coloured);
});
