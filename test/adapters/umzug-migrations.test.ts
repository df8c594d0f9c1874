import { readFileSync } from 'node:fs';
import type Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { safeUmzug, type SafeUmzugOptions } from '../../adapters/umzug.ts';
import { resolveConfig } from '../../src/config.ts';
import { gate } from '../../src/run.ts';
import { migration, type Context } from './fixtures/umzug/migrations.ts';
import { umzugProject, type UmzugProject } from './fixtures/umzug/project.ts';

function optionsFor(project: UmzugProject): SafeUmzugOptions<Context> {
  return { database: project.path, context: (_target, connection) => ({ db: connection as Database.Database }) };
}

describe('every way of giving migrations', () => {
  test('a resolver that keeps the context that it was called with', async () => {
    const project = await umzugProject({
      'sql/001_a.sql': 'CREATE TABLE a (i)',
      'sql/002_b.sql': 'CREATE TABLE b (i)',
    });
    const umzug = safeUmzug<Context>(
      {
        migrations: {
          glob: ['sql/*.sql', { cwd: project.root }],
          resolve: ({ name, path, context }) => ({
            name,
            up: async () => context.db.exec(readFileSync(path ?? '', 'utf8')),
          }),
        },
        logger: undefined,
      },
      optionsFor(project),
    );
    expect((await umzug.up({ safe: true })).map(({ path }) => path)).toEqual([
      `${project.root}/sql/001_a.sql`,
      `${project.root}/sql/002_b.sql`,
    ]);
    expect(project.tables()).toEqual(['a', 'b', 'users']);
    expect(project.read("SELECT text FROM _forerun_texts WHERE text LIKE '%TABLE a%'")).toEqual(['CREATE TABLE a (i)']);
  });

  test('a function of the context', async () => {
    const project = await umzugProject();
    const umzug = safeUmzug<Context>(
      {
        migrations: ({ db }) => [{ name: '001_closed_over', up: async () => db.exec('CREATE TABLE a (i)') }],
        logger: undefined,
      },
      optionsFor(project),
    );
    expect((await umzug.safeUp()).migrations).toMatchObject([{ outcome: 'promoted', promotion: 'replay' }]);
    expect(project.tables()).toEqual(['a', 'users']);
  });

  test('several patterns, with files of every form', async () => {
    const project = await umzugProject({
      'one/001_a.cjs': "exports.up = async ({ context }) => context.db.exec('CREATE TABLE a (i)');\n",
      'one/002_b.mjs': "export const up = async ({ context }) => context.db.exec('CREATE TABLE b (i)');\n",
      'one/003_ignored.mjs': 'throw new Error();\n',
    });
    const umzug = safeUmzug<Context>(
      { migrations: { glob: ['one/*.{cjs,mjs}', { cwd: project.root, ignore: '**/*ignored*' }] }, logger: undefined },
      optionsFor(project),
    );
    expect((await umzug.up({ safe: true })).map(({ name }) => name)).toEqual(['001_a.cjs', '002_b.mjs']);
    expect(project.tables()).toEqual(['a', 'b', 'users']);
  });

  test('two files of one name cannot be told apart: that stops the run', async () => {
    const up = 'export const up = async () => {};\n';
    const project = await umzugProject({ 'one/001_a.mjs': up, 'two/001_a.mjs': up });
    const umzug = safeUmzug<Context>(
      { migrations: { glob: ['{one,two}/*.mjs', { cwd: project.root }] }, logger: undefined },
      optionsFor(project),
    );
    expect(await umzug.safeUp()).toMatchObject({ outcome: 'blocked', drift: [{ kind: 'duplicate' }] });
  });

  test('a file that was changed after it was applied stops the run, with what was changed', async () => {
    const project = await umzugProject({ 'one/001_a.mjs': 'export const up = async () => {};\n' });
    const umzug = safeUmzug<Context>(
      { migrations: { glob: ['one/*.mjs', { cwd: project.root }] }, logger: undefined },
      optionsFor(project),
    );
    await umzug.up();
    await project.put({ 'one/001_a.mjs': 'export const up = async () => 1;\n', 'one/002_b.mjs': '' });
    const result = await umzug.safeUp();
    expect(result).toMatchObject({ outcome: 'blocked', drift: [{ kind: 'changed', name: '001_a.mjs' }] });
    expect(JSON.stringify(result.drift)).toContain('+export const up = async () => 1;');
  });

  test('names that share a date or a number, or have none, are different versions; Umzug tells them by name', async () => {
    const project = await umzugProject();
    const names = [
      '002-e.js',
      '2-f.js',
      '2024.01.31.a.js',
      '2024.01.31.b.js',
      '2024.02.01T10.00.00.c.js',
      '2024.02.01T11.00.00.d.js',
      'later',
    ];
    const { config } = safeUmzug<Context>(
      { migrations: names.map((name) => migration(name, 'SELECT 1')), logger: undefined },
      optionsFor(project),
    );
    const versions = (await config.source?.migrations())?.map(({ version }) => version);
    expect(versions).toEqual([
      '002-e.js',
      '2-f.js',
      '2024.01.31.a.js',
      '2024.01.31.b.js',
      '2024.02.01T10.00.00',
      '2024.02.01T11.00.00',
      'later',
    ]);
    expect(await gate(await resolveConfig(config))).toMatchObject({ outcome: 'passed', drift: [] });
  });
});
