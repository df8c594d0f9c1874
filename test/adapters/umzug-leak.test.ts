import { once } from 'node:events';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import type Database from 'better-sqlite3';
import { safeUmzug } from '../../adapters/umzug.ts';
import { checkpoints, diff } from '../../src/index.ts';
import type { Context } from './fixtures/umzug/migrations.ts';
import { own, safe } from './fixtures/umzug/safe.ts';
import { umzugProject } from './fixtures/umzug/project.ts';

const db = `import Database from 'better-sqlite3';
import { fileURLToPath } from 'node:url';
export const db = new Database(fileURLToPath(new URL('../app.db', import.meta.url)));
`;

describe('a migration that goes for main, rehearsed in our own process', () => {
  test.each([
    ["main's schema was changed (table leaked is new)", 'CREATE TABLE leaked (id INTEGER PRIMARY KEY)'],
    [
      'main was written, and no other program has it open: it does not use what it is given, or somebody else did that who has left since. On main now: users has 3 rows instead of 2.',
      "INSERT INTO users (email) VALUES ('eve@example.com')",
    ],
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
    expect(result.error?.message).toContain(`While 001_leak.mjs ran on a branch, ${what}`);
    expect(result.migrations.map(({ outcome }) => outcome)).toEqual(['blocked', 'not-reached']);
    expect(result.copies.filter(({ kind }) => kind === 'checkpoint')).toHaveLength(1);
    await expect(umzug.up({ safe: true })).rejects.toMatchObject({ code: 'BLOCKED' });
  });

  test('is found out in a rehearsal that begins again', async () => {
    const project = await umzugProject({
      'lib/db.mjs': db,
      'migrations/001_leak.mjs': `import { db } from '../lib/db.mjs';\nexport const up = async () => db.exec('CREATE TABLE IF NOT EXISTS leaked (i)');\n`,
      'migrations/002_next.mjs': `export const up = async ({ context }) => context.db.exec('CREATE TABLE b (i)');\n`,
    });
    const umzug = safeUmzug<Context>(
      { migrations: { glob: ['migrations/*.mjs', { cwd: project.root }] }, logger: undefined },
      { database: project.path, ...own },
    );
    const result = await umzug.safeUp();
    expect(result).toMatchObject({ outcome: 'needs-person', exitCode: 4 });
    expect(result.error?.message).toContain("While 001_leak.mjs ran on a branch, main's schema was changed");
  });

  test('is found out where its down does it, and the checkpoint that leads back is kept', async () => {
    const project = await umzugProject({
      'lib/db.mjs': db,
      'migrations/001_leak.mjs': `import { db } from '../lib/db.mjs';
export const up = async ({ context }) => context.db.exec('CREATE TABLE b (i)');
export const down = async ({ context }) => { context.db.exec('DROP TABLE b'); db.exec('DELETE FROM users'); };\n`,
    });
    const umzug = safeUmzug<Context>(
      { migrations: { glob: ['migrations/*.mjs', { cwd: project.root }] }, logger: undefined },
      { database: project.path, context: (_target, connection) => ({ db: connection as Database.Database }) },
    );
    expect(await umzug.safeUp()).toMatchObject({ outcome: 'needs-person', exitCode: 4 });
    expect(project.tables()).toEqual(['users']);
    expect(await checkpoints(umzug.config)).toHaveLength(1);
  });

  test.each([
    ['overwrites the file', "fs.writeFileSync(path, 'no database at all')"],
    ['removes the file', 'fs.rmSync(path)'],
  ])('that %s of main leaves a person with the checkpoint', async (_what, act) => {
    const project = await umzugProject();
    await project.put({
      'migrations/001_a.mjs': `import fs from 'node:fs';\nconst path = ${JSON.stringify(project.path)};\nexport const up = async () => ${act};\n`,
    });
    const umzug = safeUmzug<Context>(
      { migrations: { glob: ['migrations/*.mjs', { cwd: project.root }] }, logger: undefined },
      { database: project.path, context: (_target, connection) => ({ db: connection as Database.Database }) },
    );
    const result = await umzug.safeUp();
    expect(result).toMatchObject({ outcome: 'needs-person', exitCode: 4 });
    expect(result.error?.message).toContain('Main cannot be read any more, after 001_a.mjs');
    expect(await checkpoints(umzug.config)).toHaveLength(1);
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

describe('main that an application writes during every rehearsal of a swap', () => {
  test.each(['wal', 'delete'])('is said once of a migration, with a checkpoint that is kept (%s)', async (mode) => {
    const project = await umzugProject({
      'application.mjs': `import Database from 'better-sqlite3';
const db = new Database('app.db');
for (const { email } of db.prepare('SELECT email FROM users').all()) void email;
process.stdin.on('data', () => {
  db.prepare("INSERT INTO users (email) VALUES ('new@example.com')").run();
  process.stdout.write('written');
});
process.stdout.write('open');\n`,
    });
    project.write(`PRAGMA journal_mode = ${mode}`);
    const application = execa('node', ['application.mjs'], { cwd: project.root, reject: false, buffer: false });
    await once(application.stdout, 'data');
    let rehearsals = 0;
    const umzug = safe(
      project,
      [
        {
          name: '001_a',
          up: async ({ context }) => {
            context.db.exec('CREATE TABLE a (i)');
            rehearsals += 1;
            if (rehearsals > 2) return;
            application.stdin.write('write');
            await once(application.stdout, 'data');
          },
        },
      ],
      own,
    );

    const result = await umzug.safeUp();
    application.stdin.end();
    await application;

    expect(rehearsals).toBeGreaterThan(2);
    const notes = result.findings.filter(({ gate }) => gate === 'isolation');
    expect(notes).toHaveLength(1);
    const named = /forerun diff (\S+) main\. The checkpoint is kept/.exec(notes[0]?.message ?? '')?.[1] ?? '';
    expect((await checkpoints(umzug.config)).map(({ id }) => id)).toContain(named);
    const { tables } = await diff(umzug.config, named, 'main');
    expect(tables).toContainEqual(expect.objectContaining({ table: 'users', rowsBefore: 2, rowsAfter: 4 }));
    expect(result.outcome).toBe('promoted');
  });
});
