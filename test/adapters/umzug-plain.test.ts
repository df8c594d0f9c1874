import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { safeUmzug } from '../../adapters/umzug.ts';
import { broken, premium, suppliers, type Context } from './fixtures/umzug/migrations.ts';
import { umzugProject } from './fixtures/umzug/project.ts';
import { own, refusal, safe } from './fixtures/umzug/safe.ts';

describe("Umzug's own commands", () => {
  test.each([
    ['our connection', {}],
    ['its own', own],
  ] as const)('go on as they were, and write the history (%s)', async (_name, more) => {
    const project = await umzugProject();
    const umzug = safe(project, [premium, suppliers], more);
    expect(await umzug.up({ to: '001_premium' })).toEqual([{ name: '001_premium', path: undefined }]);
    expect(project.read('SELECT name FROM _schema_history')).toEqual(['001_premium']);
    expect(project.read("SELECT checksum LIKE 'sha256-function:%' FROM _schema_history")).toEqual([1]);
    expect(await umzug.up()).toEqual([{ name: '002_suppliers', path: undefined }]);
    expect(await umzug.down()).toEqual([{ name: '002_suppliers', path: undefined }]);
    expect((await umzug.executed()).map(({ name }) => name)).toEqual(['001_premium']);
    expect((await umzug.pending()).map(({ name }) => name)).toEqual(['002_suppliers']);
    expect(await umzug.up({ safe: true })).toEqual([{ name: '002_suppliers' }]);
  });

  test('leave nothing of a migration that fails, where it runs on our connection', async () => {
    const project = await umzugProject();
    await expect(safe(project, [premium, broken]).up()).rejects.toThrow('Migration 003_broken (up) failed');
    expect(project.tables()).toEqual(['users']);
    expect(project.read('SELECT name FROM _schema_history')).toEqual(['001_premium']);
  });

  test('create a migration and find it pending', async () => {
    const project = await umzugProject({ 'migrations/001_a.mjs': 'export const up = async () => {};\n' });
    const umzug = safeUmzug<Context>(
      { migrations: { glob: ['migrations/*.mjs', { cwd: project.root }] }, logger: undefined },
      { database: project.path, ...own },
    );
    await umzug.create({ name: 'b.mjs' });
    expect((await umzug.pending()).map(({ name }) => name)).toEqual([
      '001_a.mjs',
      expect.stringMatching(/^\d{4}.*\.b\.mjs$/),
    ]);
  });
});

describe('a context that cannot be pointed at a branch', () => {
  test.each([
    ['a plain value', (db: Database.Database) => ({ db })],
    ['a function of its own', (db: Database.Database) => () => ({ db })],
  ] as const)('is refused with the line to change: %s', async (_name, context) => {
    const project = await umzugProject();
    const db = new Database(project.path);
    const umzug = safeUmzug<Context>(
      { migrations: [premium], context: context(db), logger: undefined },
      { database: project.path },
    );
    const error = await refusal(umzug.up({ safe: true }));
    expect(error.code).toBe('NOT_REHEARSABLE');
    expect(error.next).toContain('context: (target, connection) => ({ db: connection })');
    expect(error.next).toContain('module: import.meta.url');
    expect((await refusal(umzug.safeUp())).code).toBe('NOT_REHEARSABLE');
    expect(await umzug.up()).toEqual([{ name: '001_premium', path: undefined }]);
    db.close();
  });
});
