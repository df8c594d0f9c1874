import { expect, test } from 'vitest';
import { init } from '../../src/verbs/init.ts';
import { knexFolder, users } from '../adapters/fixtures/knex/project.ts';

const first = '20240101000000_users.js';

test('a project on Knex gets a configuration that works as it is', async () => {
  const project = await knexFolder(undefined);
  await project.put({ 'package.json': '{ "dependencies": { "knex": "3" } }', [`migrations/${first}`]: users });
  const done = await init(project.root);
  expect(done).toEqual({
    found: 'knex (knexfile.js)',
    wrote: ['forerun.config.mjs', 'package.json'],
    kept: [],
    next: 'Add to the project: npm install --save-dev forerun\nSee where the database stands: npx forerun status\nApply what is pending, rehearsed first: npx forerun up --safe',
  });
  const up = await project.run(process.execPath, ['node_modules/forerun/bin/forerun.js', 'up', '--safe']);
  expect([up.exitCode, up.stdout]).toEqual([0, expect.stringContaining('1 migration')]);
  expect(await project.rows('SELECT name FROM knex_migrations')).toEqual([{ name: first }]);
  expect((await init(project.root)).wrote).toEqual([]);
});

test('a knexfile in a folder of its own is named', async () => {
  const project = await knexFolder(undefined);
  await project.run('rm', ['knexfile.js']);
  await project.put({ 'tsconfig.json': '{}', 'db/knexfile.ts': 'export default {};' });
  expect((await init(project.root)).found).toBe('knex (db/knexfile.ts)');
  const { stdout } = await project.run('cat', ['forerun.config.ts']);
  expect(stdout).toBe(`import type { Config } from 'forerun';
import { knex } from 'forerun/knex';

export default {
  source: knex({ knexfile: 'db/knexfile.ts' }),
} satisfies Config;`);
});
