import { expect, test } from 'vitest';
import { up, type CheckFunction, type Config } from '../src/index.ts';
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

test.each([
  { safe: true, step: Number.NaN },
  { safe: true, step: 0 },
  { safe: true, step: 1, to: '001' },
  { allOrNothing: true },
  { safe: true, allOrNothing: true, promotePassing: true },
])('options that cannot be meant are refused: %o', async (options) => {
  const project = await newProject();
  await project.migration('001_a.sql', 'CREATE TABLE a (i);');
  await expect(up({ database: 'app.db', root: project.root }, options)).rejects.toMatchObject({ code: 'USAGE' });
});

test.each([[undefined], [null], [[]], [{}], [5]])(
  'what is no configuration is refused: %o',
  async (config: unknown) => {
    await expect(up(config as Config, { safe: true })).rejects.toMatchObject({ code: 'CONFIG' });
  },
);

test('a listener that rejects is told no more, and stops nothing', async () => {
  const project = await newProject();
  await project.migration('001_a.sql', 'CREATE TABLE a (i);');
  const onEvent = (async () => Promise.reject(new Error('deaf'))) as () => void;
  const result = await up({ database: 'app.db', root: project.root }, { safe: true, onEvent });
  expect(result).toMatchObject({ outcome: 'promoted' });
  expect(result.findings).toContainEqual(expect.objectContaining({ gate: 'listener' }));
});

test('a check that answers nothing has failed, and is named', async () => {
  const project = await newProject();
  await project.migration('001_a.sql', 'CREATE TABLE a (i);');
  const verify = { mute: (async () => {}) as unknown as CheckFunction };
  const result = await up({ database: 'app.db', root: project.root, verify }, { safe: true });
  expect(result).toMatchObject({ outcome: 'blocked', exitCode: 3 });
  expect(result.findings).toContainEqual(
    expect.objectContaining({ gate: 'checks', message: expect.stringContaining('mute') as string }),
  );
});

test.each(['mysql://u:p@h4x@h/db', 'postgres://u:a/h4x@h/db', 'libsql://h?authToken=h4x'])(
  'nothing of an address that nobody reads is told: %s',
  async (database) => {
    const error: unknown = await up({ database }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'BAD_TARGET' });
    expect(String(error)).not.toContain('h4x');
  },
);

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
