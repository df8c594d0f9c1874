import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { safeUmzug } from '../../adapters/umzug.ts';
import { resolveConfig } from '../../src/config.ts';
import { sqlite } from '../../src/drivers/sqlite.ts';
import { down, gate, up } from '../../src/run.ts';
import type { Source } from '../../src/seams/source.ts';
import { sourceContract } from '../contracts/source.ts';
import { premium, suppliers, type Context } from './fixtures/umzug/migrations.ts';
import { umzugProject, type UmzugProject } from './fixtures/umzug/project.ts';

function sourceOf(project: UmzugProject): Source {
  const { config } = safeUmzug<Context>(
    { migrations: { glob: ['migrations/*.mjs', { cwd: project.root }] }, logger: undefined },
    { database: project.path, context: (_target, connection) => ({ db: connection as Database.Database }) },
  );
  if (config.source === undefined) throw new Error('no source');
  return config.source;
}

sourceContract('umzug', async () => {
  const project = await umzugProject();
  project.write('DROP TABLE users');
  let added = 0;
  const file = (name: string): string => join(project.root, 'migrations', name);
  return {
    source: sourceOf(project),
    async add(table) {
      added += 1;
      const name = `${String(added).padStart(3, '0')}_${table}.mjs`;
      await project.put({
        [`migrations/${name}`]: `export const up = async ({ context }) => context.db.exec('CREATE TABLE ${table} (i)');
export const down = async ({ context }) => context.db.exec('DROP TABLE ${table}');
`,
      });
      return name;
    },
    change: (name) => writeFile(file(name), 'export const up = async () => {};\n'),
    remove: (name) => rm(file(name)),
    database: { target: sqlite().target(project.path), tables: async () => project.tables() as string[] },
  };
});

describe('whether a file has a down', () => {
  const up = 'export const up = async () => {};\n';
  test.each([
    ['says so in a declaration', `${up}export async function down() {}\n`, true],
    ['says so in an object', 'module.exports = { up() {}, down() {} };\n', true],
    ['says neither', "export * from './elsewhere.mjs';\n", true],
    ['does not speak of one', up, false],
    ['speaks of one in a comment', `${up}// there is no way down\n/* down */\n`, false],
    ['speaks of one in a string', `${up}export const text = 'slow down' + "down" + \`down\`;\n`, false],
    ['speaks of other things', `${up}export const countdown = 'http://example.com'; // markdown\n`, false],
  ])('is read in its text: it %s', async (_case, text, expected) => {
    const project = await umzugProject({ 'migrations/001_a.mjs': text });
    const [migration] = await sourceOf(project).migrations();
    expect(migration?.down !== undefined).toBe(expected);
  });
});

describe('the configuration of a safe Umzug', () => {
  test('serves the functions of forerun as well, and listeners are told', async () => {
    const project = await umzugProject();
    const umzug = safeUmzug<Context>(
      { migrations: [premium, suppliers], logger: undefined },
      { database: project.path, context: (_target, connection) => ({ db: connection as Database.Database }) },
    );
    const told: string[] = [];
    for (const event of ['migrating', 'migrated', 'reverting', 'reverted'] as const) {
      umzug.on(event, ({ name, context }) => void told.push(`${event} ${name} ${context.db.open}`));
    }
    const setup = await resolveConfig(umzug.config);
    expect(await gate(setup)).toMatchObject({ outcome: 'passed' });
    expect(told).toEqual([]);
    expect(await up(setup, { safe: true, step: 1 })).toMatchObject({ outcome: 'promoted' });
    expect(await up(setup)).toMatchObject({
      outcome: 'promoted',
      migrations: [{ name: '002_suppliers', promotion: null }],
    });
    expect(await down(setup, { safe: true })).toMatchObject({ outcome: 'promoted' });
    expect(told).toEqual([
      'migrating 001_premium true',
      'migrated 001_premium true',
      'migrating 002_suppliers true',
      'migrated 002_suppliers true',
      'reverting 002_suppliers true',
      'reverted 002_suppliers true',
    ]);
    expect((await umzug.executed()).map(({ name }) => name)).toEqual(['001_premium']);
  });
});
