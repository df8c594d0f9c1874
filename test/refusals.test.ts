import { expect, test } from 'vitest';
import { up } from '../src/index.ts';
import { gate } from '../src/run.ts';
import { newProject } from './support/project.ts';

test('a misspelt option is refused, so that nobody runs unsafe by mistake', async () => {
  const project = await newProject();
  await project.migration('001_lossy.sql', 'DELETE FROM orders;');
  const config = { database: 'app.db', root: project.root };
  await expect(up(config, { saef: true } as object)).rejects.toMatchObject({
    code: 'USAGE',
    message: 'There is no option "saef"; did you mean safe?',
  });
  expect(project.read('SELECT count(*) FROM orders')).toEqual([3]);
});

test.each(['warn', 'off'] as const)('no policy lets a migration that failed be promoted (%s)', async (applies) => {
  const project = await newProject();
  await expect(project.setup({ policy: { applies } })).rejects.toMatchObject({
    code: 'CONFIG',
    message: expect.stringContaining('policy.applies: a migration that fails cannot be promoted') as string,
  });
});

test('a permit without a table permits nothing, and that is said with its line', async () => {
  const project = await newProject();
  await project.migration('001_lossy.sql', '-- forerun: allow rows-lost\nDELETE FROM orders WHERE id = 1;\n');
  const result = await gate(await project.setup());
  expect(result).toMatchObject({ outcome: 'blocked' });
  expect(result.findings).toContainEqual(
    expect.objectContaining({
      gate: 'permits',
      severity: 'warn',
      where: expect.objectContaining({ line: 1 }) as object,
    }),
  );
});

test('a check that failed before is said to have, however many migrations lie between', async () => {
  const project = await newProject();
  await project.migration('001_a.sql', 'CREATE TABLE a (x);');
  await project.migration('002_b.sql', 'CREATE TABLE b (x);');
  const result = await gate(await project.setup({ verify: { no: async () => false } }));
  expect(result.findings.map((finding) => finding.message)).toEqual([
    'Check no fails (it failed before the migration, too): It answered false.',
  ]);
});
