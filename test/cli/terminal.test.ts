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

test('what a name would tell the terminal is written out, on both streams', async () => {
  const { root, migration } = await newProject();
  const table = 'a\u001B]0;owned\u0007b\u001B[2J\r';
  await migration('001_odd.sql', `CREATE TABLE "${table}" (id INTEGER PRIMARY KEY);`);
  const written = String.raw`a\x1b]0;owned\x07b\x1b[2J\x0d`;
  const { stdout } = await forerun(['up', '--safe', '--verbose', '--database', 'app.db'], { cwd: root });
  expect(stdout).toContain(written);
  expect(stdout).not.toMatch(/\p{Cc}(?<!\n)/u);
  await migration(`${table}.sql`, 'SELECT 1;');
  const { stderr } = await forerun(['up', '--safe', '--database', 'app.db'], { cwd: root });
  expect(stderr).toContain(`${written}.sql fits no form`);
  expect(stderr).not.toMatch(/\p{Cc}(?<!\n)/u);
});
