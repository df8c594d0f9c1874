import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sqliteProject as prismaProject } from '../adapters/fixtures/prisma/project.ts';
import { forerunJson } from '../support/cli.ts';
import { newProject } from '../support/project.ts';

test.each([
  ['status', 'migratons', 'migrations'],
  ['gate', 'db/migratons', 'db/migrations'],
  ['up --safe', 'bd/migrations', 'db/migrations'],
  ['down', 'Migration', 'migrations'],
  ['baseline 001', 'migratoins', 'migrations'],
  ['repair 001 --reason x', 'migrtions', 'migrations'],
  ['up', 'database/schema', undefined],
])('%s with the folder %s never passes for one without migrations', async (verb, folder, meant) => {
  const { root, migration } = await newProject();
  await mkdir(join(root, 'db/migrations'), { recursive: true });
  await migration('001_a.sql', 'CREATE TABLE a (id INTEGER PRIMARY KEY);');
  const { error, exitCode } = await forerunJson([...verb.split(' '), '--database', 'app.db', '--migrations', folder], {
    cwd: root,
  });
  expect(exitCode).toBe(2);
  expect(error).toMatchObject({
    code: 'CONFIG',
    message: `The migration folder ${join(root, folder)} does not exist.`,
  });
  const question = meant === undefined ? '' : `Did you mean ${join(root, meant)}? `;
  expect(error?.next).toBe(`${question}Create it, or name the folder that holds the migrations.`);
});

test('a folder for an adapter that reads where its migrations are is refused, not passed over', async () => {
  const { root } = await prismaProject();
  const args = ['status', '--adapter', 'prisma', '--migrations', 'prisma/migratons'];
  const { error, exitCode } = await forerunJson(args, { cwd: root });
  expect(exitCode).toBe(2);
  expect(error?.message).toContain('--adapter prisma reads where they are from files of prisma');
});

test("a folder that Prisma's configuration names and that is not there is an error", async () => {
  const { root, put, migration } = await prismaProject();
  await migration('20240101000000_init', 'CREATE TABLE a (id INTEGER PRIMARY KEY);');
  await put({
    'prisma.config.mjs': `export default { schema: 'prisma/schema.prisma', migrations: { path: 'prisma/migratons' } };\n`,
  });
  const { error, exitCode } = await forerunJson(['status', '--adapter', 'prisma'], { cwd: root });
  expect(exitCode).toBe(2);
  expect(error?.next).toContain(`Did you mean ${join(root, 'prisma/migrations')}?`);
});
