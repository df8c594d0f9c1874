import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { init } from '../../src/verbs/init.ts';

test.each([
  ['dbmate', { dbmate: '2' }, { 'db/migrations/001_a.sql': '' }, 'npx dbmate --no-dump-schema up', undefined],
  ['node-pg-migrate', { 'node-pg-migrate': '9' }, {}, 'npx node-pg-migrate up', undefined],
  ['Drizzle', { 'drizzle-kit': '0.31.0' }, {}, 'npx drizzle-kit migrate', undefined],
  ['Sequelize', { 'sequelize-cli': '6' }, {}, 'npx sequelize-cli db:migrate', 'use_env_variable'],
  ['Kysely', { kysely: '0.28.0' }, {}, 'npm run --silent db:migrate', undefined],
  ['Kysely', { 'kysely-ctl': '0.10.0' }, {}, 'npx kysely migrate:latest', undefined],
  [
    'TypeORM',
    { typeorm: '1.1.0' },
    { 'src/data-source.ts': '' },
    'npx typeorm-ts-node-commonjs migration:run -d src/data-source.ts',
    undefined,
  ],
  ['TypeORM', { typeorm: '1.1.0' }, {}, 'npx typeorm migration:run -d data-source.js', 'No data source was found'],
])('writes a configuration for %s', async (name, devDependencies, files, up, step) => {
  const root = await folder({ 'package.json': pack(devDependencies), ...files });
  const done = await init(root);
  expect(done).toMatchObject({
    found: `${name}, which is run as a command`,
    wrote: ['forerun.config.mjs', 'package.json'],
  });
  expect(await readFile(join(root, 'forerun.config.mjs'), 'utf8')).toBe(`import { command } from 'forerun/command';

/** @type {import('forerun').Config} */
export default {
  database: process.env.DATABASE_URL ?? 'app.db',
  source: command({ up: '${up}' }),
};
`);
  if (step !== undefined) expect(done.next).toContain(step);
  expect(done.next).toContain('npx forerun up --safe');
});

test('takes a library for queries for no migrator beside migrations in plain SQL', async () => {
  const root = await folder({ 'package.json': pack({ kysely: '0.28.0' }), 'migrations/001_a.sql': '' });
  expect((await init(root)).found).toBe('plain SQL migrations in migrations/');
});

test('takes Umzug for what runs the migrations only where something makes one, or nothing else is found', async () => {
  const files = { 'package.json': pack({ umzug: '3', knex: '3' }), 'knexfile.js': 'module.exports = {};' };
  expect((await init(await folder(files))).found).toBe('knex (knexfile.js)');
  expect((await init(await folder({ ...files, 'migrate.js': 'new Umzug({})' }))).found).toBe('umzug');
});

test('names every tool that it finds', async () => {
  const root = await folder({ 'package.json': pack({ dbmate: '2', 'sequelize-cli': '6' }) });
  const { found, next } = await init(root);
  expect(found).toBe('dbmate, which is run as a command');
  expect(next).toContain('Sequelize is there as well');
});

test('writes a configuration for each of several frameworks', async () => {
  const root = await folder({
    'package.json': pack({ knex: '3', dbmate: '2' }),
    'knexfile.js': 'module.exports = {};',
    'prisma/schema.prisma': 'datasource db { provider = "sqlite" url = "file:dev.db" }',
  });
  const { found, wrote, next } = await init(root);
  expect(found).toBe('Prisma, with prisma/schema.prisma; knex (knexfile.js); dbmate, which is run as a command');
  expect(wrote).toEqual([
    'forerun.config.mjs',
    'forerun.knex.config.mjs',
    'forerun.command.config.mjs',
    'package.json',
  ]);
  expect(await readFile(join(root, 'forerun.config.mjs'), 'utf8')).toContain('source: prisma()');
  expect(await readFile(join(root, 'forerun.knex.config.mjs'), 'utf8')).toContain('source: knex()');
  expect(next).toContain('Every command serves knex (knexfile.js), by: --config forerun.knex.config.mjs');
  const again = await init(root);
  expect([again.wrote, again.kept.slice(0, 3)]).toEqual([[], wrote.slice(0, 3)]);
});

function pack(devDependencies: object): string {
  return JSON.stringify({ scripts: { 'db:migrate': 'node migrate.js' }, devDependencies });
}

async function folder(files: Readonly<Record<string, string>>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'forerun-init-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  return root;
}
