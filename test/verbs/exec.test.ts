import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { branch, checkpoint } from '../../src/verbs/copies.ts';
import { exec } from '../../src/verbs/exec.ts';
import { newProject } from '../support/project.ts';
import { refusal } from './shop.ts';

const node = process.execPath;

test('a program gets the address of the branch, in the variable that the project reads', async () => {
  const project = await newProject();
  const setup = await project.setup({ databaseVariable: 'SHOP_DB' });
  const made = await branch(setup, { name: 'premium' });
  const file = join(project.root, 'seen');
  const code = await exec(setup, 'premium', [
    node,
    '-e',
    'require("fs").writeFileSync(process.argv[1], process.env.SHOP_DB)',
    file,
  ]);
  expect(code).toBe(0);
  expect(await readFile(file, 'utf8')).toBe(made.variable);
});

test('arguments reach the program as they are: there is no shell', async () => {
  const project = await newProject();
  const setup = await project.setup();
  await branch(setup, { name: 'premium' });
  const file = join(project.root, 'seen');
  const args = ['$HOME', "it's; rm -rf", '*', 'a b'];
  await exec(setup, 'premium', [
    node,
    '-e',
    'require("fs").writeFileSync(process.argv[1], JSON.stringify(process.argv.slice(2)))',
    file,
    ...args,
  ]);
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(args);
});

test('answers with the exit code of the program, and as shells do for a signal', async () => {
  const project = await newProject();
  const setup = await project.setup();
  await branch(setup, { name: 'premium' });
  expect(await exec(setup, 'premium', [node, '-e', 'process.exit(7)'])).toBe(7);
  expect(
    await exec(setup, 'premium', [node, '-e', 'process.kill(process.pid, "SIGTERM"); setTimeout(() => {}, 9999)']),
  ).toBe(143);
});

test('a program that is not there, none at all, and a checkpoint are wrong use', async () => {
  const project = await newProject();
  const setup = await project.setup();
  await branch(setup, { name: 'premium' });
  expect((await refusal(exec(setup, 'premium', ['no-such-program-here']), 'USAGE')).message).toContain(
    'there is no such program',
  );
  await refusal(exec(setup, 'premium', [project.path]), 'USAGE');
  await refusal(exec(setup, 'premium', []), 'USAGE');
  await checkpoint(setup, 'fixed');
  expect((await refusal(exec(setup, 'fixed', [node, '-v']), 'USAGE')).next).toContain('forerun branch');
  await refusal(exec(setup, 'nothing', [node, '-v']), 'NOT_FOUND');
});
