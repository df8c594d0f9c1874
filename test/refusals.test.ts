import { expect, test } from 'vitest';
import {
  branch,
  checkpoint,
  diff,
  discard,
  up,
  type CheckFunction,
  type Config,
  type Migration,
} from '../src/index.ts';
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
    expect.objectContaining({
      gate: 'checks',
      message:
        'Check mute fails (it failed before the migration, too): It answered neither true, nor false, nor { ok: … }.',
    }),
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

test.each([
  ['rows-lots orders', "write: 'rows-lost orders'"],
  ['rows-lost', "write: 'rows-lost <table>'"],
  ['-- forerun: alow values-change users.name', "write: 'values-changed users.name'"],
  ['anything', "write: 'rows-lost|values-changed <table>'"],
])('a permit of the configuration that is not understood is refused: %s', async (permit, told) => {
  const project = await newProject();
  await expect(project.setup({ allow: ['rows-lost orders', permit] })).rejects.toMatchObject({
    code: 'CONFIG',
    message: expect.stringContaining(`allow.1: "${permit}" permits nothing; ${told}`) as string,
    details: { keys: ['allow.1'] },
  });
});

test('a permit for a table that there is not is said to permit nothing, with its line and the nearest table', async () => {
  const project = await newProject();
  await project.migration('001_made.sql', 'CREATE TABLE sessions (id INTEGER PRIMARY KEY);');
  await project.migration(
    '002_lossy.sql',
    `-- forerun: allow rows-lost session
-- forerun: allow rows-lost orders, usres
-- forerun: allow values-changed users.name, because it is meant
-- forerun: allow rows-lost sessions
-- forerun: allow rows-lost nothing_like_it
SELECT 1;`,
  );
  const { outcome, findings } = await gate(await project.setup());
  expect(outcome).toBe('passed');
  const absent = 'There is no such table, neither before the migration nor after it.';
  expect(findings.map(({ message, where }) => [where?.line, message])).toEqual([
    [1, `This permits nothing: rows-lost session. ${absent} Did you mean sessions?`],
    [2, `This permits nothing: rows-lost usres. ${absent} Did you mean users?`],
    [5, `This permits nothing: rows-lost nothing_like_it. ${absent}`],
    [2, 'allow rows-lost orders: there was nothing to allow. Is the name right?'],
    [3, 'allow values-changed users.name: there was nothing to allow. Is the name right?'],
    [4, 'allow rows-lost sessions: there was nothing to allow. Is the name right?'],
  ]);
  expect(findings.map(({ severity }) => severity)).toEqual(['warn', 'warn', 'warn', 'note', 'note', 'note']);
});

test('a permit for another table than the one that loses rows is told which was meant', async () => {
  const project = await newProject();
  await project.migration('001_made.sql', 'CREATE TABLE orders2 (id INTEGER PRIMARY KEY);');
  await project.migration(
    '002_lossy.sql',
    '-- forerun: allow rows-lost orders2\n-- forerun: allow rows-lost users, none is needed\nDELETE FROM orders WHERE id = 1;\nDELETE FROM users WHERE id = 1;',
  );
  const { outcome, findings } = await gate(await project.setup({ allow: ['rows-lost orders'] }));
  expect(outcome).toBe('passed');
  expect(findings.filter(({ gate }) => gate === 'permits').map(({ severity, message }) => [severity, message])).toEqual(
    [['note', 'allow rows-lost orders2: there was nothing to allow. Did you mean orders?']],
  );
});

test('a permit of the configuration for a misspelt table is told where it was meant', async () => {
  const project = await newProject();
  await project.migration('001_lossy.sql', 'DELETE FROM orders WHERE id = 1;');
  const { findings } = await gate(await project.setup({ allow: ['rows-lost ordres', 'rows-lost gone_long_ago'] }));
  expect(findings.filter(({ gate }) => gate === 'permits').map(({ message }) => message)).toEqual([
    'The configuration permits nothing by rows-lost ordres. There is no such table, neither before the migration nor after it. Did you mean orders?',
  ]);
});

test.each([
  ['001_lossy.ts', '//'],
  ['001_lossy.cjs', '//'],
  ['001_lossy.sql', '--'],
  [undefined, '//'],
])('the permit that is advised for %s is a comment of its language', async (name, mark) => {
  const project = await newProject();
  const setup = await project.setup();
  const migrations = (text: string): readonly Migration[] => [
    {
      version: '001',
      name: '001_lossy',
      checksum: 'test:1',
      text,
      language: 'code',
      ...(name === undefined ? {} : { file: `/app/${name}` }),
      async up(target, attempt) {
        await setup.driver.transaction(target, attempt, async (session) => {
          await session.query('DELETE FROM orders WHERE id = 1');
        });
      },
    },
  ];
  const judged = (text: string): ReturnType<typeof gate> =>
    gate({ ...setup, source: { name: 'mine', migrations: async () => migrations(text) } });
  const advised = `write in the migration: ${mark} forerun: allow rows-lost orders.`;
  const { findings } = await judged('');
  expect(findings[0]?.message).toContain(advised);
  expect((await judged(`${mark} forerun: allow rows-lots orders\n`)).findings[0]?.message).toBe(
    `This permits nothing: "${mark} forerun: allow rows-lots orders". Write: ${mark} forerun: allow rows-lost orders`,
  );
  expect((await judged(`${mark} forerun: allow rows-lost orders\n`)).outcome).toBe('passed');
});

test.each<[string, (config: Config) => Promise<unknown>]>([
  ['a label that is an object', (config) => checkpoint(config, { label: 'x' } as never)],
  ['a name that is a number', (config) => branch(config, { name: 3 } as never)],
  ['a misspelt option of a branch', (config) => branch(config, { nmae: 'x' } as never)],
  ['a misspelt option of discard', (config) => discard(config, 'x', { recursiv: true } as never)],
  ['a misspelt option of diff', (config) => diff(config, 'main', 'main', { sql: 'SELECT 1' } as never)],
])('%s is refused in words', async (_, call) => {
  const project = await newProject();
  await expect(call({ database: 'app.db', root: project.root })).rejects.toMatchObject({ code: 'USAGE' });
});
