import type Database from 'better-sqlite3';
import { Umzug } from 'umzug';
import { describe, expect, test } from 'vitest';
import { safeUmzug, type SafeUmzug, type SafeUmzugOptions } from '../../adapters/umzug.ts';
import { broken, premium, suppliers, type Context } from './fixtures/umzug/migrations.ts';
import { umzugProject, type UmzugProject } from './fixtures/umzug/project.ts';

const events = ['migrating', 'migrated', 'reverting', 'reverted'] as const;

function optionsFor(project: UmzugProject): SafeUmzugOptions<Context> {
  return { database: project.path, context: (_target, connection) => ({ db: connection as Database.Database }) };
}

function safe(project: UmzugProject, migrations = [premium, suppliers]): SafeUmzug<Context> {
  return safeUmzug<Context>({ migrations, logger: undefined }, optionsFor(project));
}

/** Everything that listeners are told, as `event name`; the context is asked what database it is of. */
function listen(umzug: Umzug<Context>): string[] {
  const told: string[] = [];
  for (const event of events)
    umzug.on(event, ({ name, context }) => void told.push(`${event} ${name} ${context.db.name}`));
  for (const event of ['beforeCommand', 'afterCommand'] as const) {
    umzug.on(event, ({ command, context }) => void told.push(`${event} ${command} ${context.db.name}`));
  }
  return told;
}

describe('listeners', () => {
  test('are told of each promoted migration once, with the context for main, and of no rehearsal', async () => {
    const project = await umzugProject();
    const umzug = safe(project);
    const told = listen(umzug);
    await umzug.up({ safe: true });
    expect(told).toEqual(
      [
        'beforeCommand up',
        'migrating 001_premium',
        'migrated 001_premium',
        'migrating 002_suppliers',
        'migrated 002_suppliers',
        'afterCommand up',
      ].map((line) => `${line} ${project.path}`),
    );
    told.length = 0;
    await umzug.down({ safe: true });
    expect(told).toEqual(
      ['beforeCommand down', 'reverting 002_suppliers', 'reverted 002_suppliers', 'afterCommand down'].map(
        (line) => `${line} ${project.path}`,
      ),
    );
  });

  test('of a batch that is swapped in are told of each migration once', async () => {
    const project = await umzugProject();
    const umzug = safe(project);
    const told = listen(umzug);
    await umzug.up({ safe: true, allOrNothing: true });
    expect(told.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      'beforeCommand up',
      'migrating 001_premium',
      'migrating 002_suppliers',
      'migrated 001_premium',
      'migrated 002_suppliers',
      'afterCommand up',
    ]);
  });

  test('are told of no migration where one does not pass', async () => {
    const project = await umzugProject();
    const umzug = safe(project, [premium, broken]);
    const told = listen(umzug);
    await expect(umzug.up({ safe: true })).rejects.toThrow('003_broken');
    expect(told.map((line) => line.split(' ')[0])).toEqual(['beforeCommand', 'afterCommand']);
  });

  test('of the Umzug that was given are told as well, and before its own commands as before', async () => {
    const project = await umzugProject();
    const given = new Umzug<Context>({ migrations: [premium, suppliers], logger: undefined });
    const told = listen(given);
    const umzug = safeUmzug(given, optionsFor(project));
    await umzug.up({ safe: true, step: 1 });
    await umzug.up();
    expect(
      told.filter((line) => line.startsWith('migrat')).map((line) => line.split(' ').slice(0, 2).join(' ')),
    ).toEqual(['migrating 001_premium', 'migrated 001_premium', 'migrating 002_suppliers', 'migrated 002_suppliers']);
  });

  test("that throw on 'migrating' stop the promotion, and up rejects with that very error", async () => {
    const project = await umzugProject();
    const umzug = safe(project);
    const veto = new Error('not on a Friday');
    umzug.on('migrating', ({ name }) => {
      if (name === '002_suppliers') throw veto;
    });
    await expect(umzug.up({ safe: true })).rejects.toBe(veto);
    expect(project.tables()).toEqual(['users']);
    expect(project.read('SELECT name FROM _schema_history')).toEqual(['001_premium']);
    expect((await umzug.pending()).map(({ name }) => name)).toEqual(['002_suppliers']);
  });

  test("that throw on 'migrated' stop what comes next, and what is promoted stays", async () => {
    const project = await umzugProject();
    const umzug = safe(project);
    const failure = new Error('the chat does not answer');
    const stop = umzug.once('migrated').then(() => {});
    const off = umzug.on('migrated', () => {
      throw failure;
    });
    await expect(umzug.up({ safe: true })).rejects.toBe(failure);
    await stop;
    expect(project.read('SELECT name FROM _schema_history')).toEqual(['001_premium']);
    expect(project.read('SELECT premium FROM users')).toEqual([0, 0]);
    off();
    expect(await umzug.up({ safe: true })).toEqual([{ name: '002_suppliers' }]);
  });

  test("that throw on 'beforeCommand' stop everything", async () => {
    const project = await umzugProject();
    const umzug = safe(project);
    const told = listen(umzug);
    umzug.on('beforeCommand', () => {
      throw new Error('maintenance');
    });
    await expect(umzug.up({ safe: true })).rejects.toThrow('maintenance');
    expect(told).toHaveLength(1);
    expect(project.tables()).toEqual(['users']);
    expect(project.read("SELECT count(*) FROM sqlite_schema WHERE name = '_schema_history'")).toEqual([0]);
  });

  test('and what a logger is told, are those of Umzug', async () => {
    const project = await umzugProject();
    const lines: Record<string, unknown>[] = [];
    const log = (message: Record<string, unknown>): void => void lines.push(message);
    const umzug = safeUmzug<Context>(
      { migrations: [premium], logger: { info: log, warn: log, error: log, debug: log } },
      optionsFor(project),
    );
    await umzug.up({ safe: true });
    expect(lines).toEqual([
      { event: 'migrating', name: '001_premium' },
      { event: 'migrated', name: '001_premium', durationSeconds: expect.any(Number) },
    ]);
  });
});
