import { describe, expect, test } from 'vitest';
import type Database from 'better-sqlite3';
import { safeUmzug } from '../../adapters/umzug.ts';
import type { Context } from './fixtures/umzug/migrations.ts';
import { umzugProject } from './fixtures/umzug/project.ts';

const db = `import Database from 'better-sqlite3';
import { fileURLToPath } from 'node:url';
export const db = new Database(fileURLToPath(new URL('../app.db', import.meta.url)));
`;

describe('a migration that goes for main, rehearsed in our own process', () => {
  test.each([
    ["main's schema", 'CREATE TABLE leaked (id INTEGER PRIMARY KEY)'],
    ['data on main', "INSERT INTO users (email) VALUES ('eve@example.com')"],
  ])('is found out, named, and left to a person: %s', async (what, sql) => {
    const project = await umzugProject({
      'lib/db.mjs': db,
      'migrations/001_leak.mjs': `import { db } from '../lib/db.mjs';\nexport const up = async () => db.exec(${JSON.stringify(sql)});\n`,
      'migrations/002_next.mjs': 'export const up = async () => {};\n',
    });
    const umzug = safeUmzug<Context>(
      { migrations: { glob: ['migrations/*.mjs', { cwd: project.root }] }, logger: undefined },
      { database: project.path, context: (_target, connection) => ({ db: connection as Database.Database }) },
    );

    const result = await umzug.safeUp();

    expect(result).toMatchObject({ outcome: 'needs-person', exitCode: 4, error: { code: 'NEEDS_PERSON' } });
    expect(result.error?.message).toContain(`001_leak.mjs changed ${what}`);
    expect(result.copies.filter(({ kind }) => kind === 'checkpoint')).toHaveLength(1);
    await expect(umzug.up({ safe: true })).rejects.toMatchObject({ code: 'BLOCKED' });
  });

  test('is said to be possible', async () => {
    const project = await umzugProject({ 'migrations/001_a.mjs': 'export const up = async () => {};\n' });
    const umzug = safeUmzug<Context>(
      { migrations: { glob: ['migrations/*.mjs', { cwd: project.root }] }, logger: undefined },
      { database: project.path, context: (_target, connection) => ({ db: connection as Database.Database }) },
    );
    const { findings } = await umzug.safeUp();
    expect(findings).toMatchObject([
      { gate: 'rehearsal', severity: 'note', message: expect.stringContaining('module: import.meta.url') },
    ]);
  });
});
