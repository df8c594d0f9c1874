import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { entry, environment, forerunJson, holdAt, isRunning, startForerun, until, untilHeld } from '../support/cli.ts';
import {
  endless,
  expectDocument,
  expectNextRunToFinish,
  history,
  listed,
  migrations,
  rehearsing,
  resultOf,
  shopProject,
  tables,
} from './interrupted.ts';

describe('a signal while the process is blocked, as by a statement', () => {
  it.each<[act: string, phase: string, signal: NodeJS.Signals]>([
    ['examine on main', 'before the run begins', 'SIGINT'],
    ['list on main', 'recover', 'SIGTERM'],
    ['open on main', 'plan', 'SIGINT'],
    ['checkpoint on main', 'checkpoint', 'SIGTERM'],
    ['branch', 'branch', 'SIGINT'],
    ['script on copy', 'rehearse', 'SIGTERM'],
    ['script on main', 'promote', 'SIGINT'],
    ['discard', 'tidy', 'SIGTERM'],
  ])('at “%s” (%s) ends the run with %s, cleaned up', async (act, phase, signal) => {
    const project = await shopProject();
    const before = tables(project);
    const { held } = await holdAt(project.root, act);
    const running = startForerun(['up', '--safe', '--json'], { cwd: project.root });
    await untilHeld(held);
    running.signal(signal);
    const result = await resultOf(running);
    expect(result).toMatchObject({
      outcome: 'interrupted',
      exitCode: signal === 'SIGINT' ? 130 : 143,
      error: { code: 'INTERRUPTED' },
    });
    if (phase !== 'tidy') expect(tables(project)).toEqual(before);
    const promoted = result.migrations
      .filter((migration) => migration.outcome === 'promoted')
      .map((migration) => migration.name);
    expect(history(project)).toEqual(promoted);
    expect(isRunning(Number(await readFile(held, 'utf8')))).toBe(false);
    await expectDocument(project, result);
    await expectNextRunToFinish(project);
  });

  it.each<NodeJS.Signals>(['SIGINT', 'SIGTERM'])(
    'is heard at once during one SQL statement of many minutes in a rehearsal (%s)',
    async (signal) => {
      const project = await shopProject();
      await project.migration('003_endless.sql', endless);
      const before = tables(project);
      const running = startForerun(['up', '--safe', '--json', '--database', 'app.db'], { cwd: project.root });
      await rehearsing(project, '002_age', running);
      running.signal(signal);
      const result = await resultOf(running);
      expect(result).toMatchObject({ outcome: 'interrupted', exitCode: signal === 'SIGINT' ? 130 : 143 });
      expect(result.migrations.map((migration) => migration.outcome)).toEqual(['passed', 'passed', 'interrupted']);
      expect(tables(project)).toEqual(before);
      await project.migration('003_endless.sql', 'SELECT 1;');
      const next = await forerunJson(['up', '--safe', '--database', 'app.db'], { cwd: project.root });
      expect(next).toMatchObject({ outcome: 'promoted' });
    },
  );

  it('is heard from a terminal as well, where an indicator moves meanwhile', async () => {
    const project = await shopProject();
    await project.migration('003_endless.sql', endless);
    const terminal = execa(
      'script',
      ['-qec', `"${process.execPath}" "${entry}" up --safe --database app.db`, '/dev/null'],
      {
        cwd: project.root,
        env: environment(),
        extendEnv: false,
        reject: false,
        stdin: 'pipe',
      },
    );
    let shown = '';
    terminal.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString()));
    await until(() => /rehearse 003_endless [\d.]+ m?s[^]*rehearse 003_endless [\d.]+ s/.test(shown));
    terminal.stdin.write('\u0003');
    expect((await terminal).exitCode).toBe(130);
    expect(shown).toMatch(/Interrupted \(SIGINT\) after .*Main is as it was\./);
    expect(history(project)).toEqual([]);
  });

  it('ends a statement on main itself, whose transaction the database undoes', async () => {
    const project = await shopProject();
    await project.migration('003_endless.sql', `DELETE FROM orders;\n${endless}`);
    const running = startForerun(['up', '--json', '--database', 'app.db'], { cwd: project.root });
    await until(() => history(project).length === 2 && existsSync(`${project.path}-journal`));
    running.signal('SIGINT');
    const result = await resultOf(running);
    expect(result).toMatchObject({ outcome: 'interrupted', exitCode: 130 });
    expect(result.migrations.map((migration) => migration.outcome)).toEqual(['promoted', 'promoted', 'interrupted']);
    expect(history(project)).toEqual(migrations);
    expect(project.read('SELECT count(*) FROM orders')).toEqual([3]);
  });

  it('leaves main untouched where a gate is interrupted, and none of its copies', async () => {
    const project = await shopProject();
    const { held } = await holdAt(project.root, 'script on copy');
    const running = startForerun(['gate', '--json'], { cwd: project.root });
    await untilHeld(held);
    running.signal('SIGTERM');
    expect(await resultOf(running)).toMatchObject({ outcome: 'interrupted', exitCode: 143, verb: 'gate' });
    expect(project.read("SELECT count(*) FROM sqlite_schema WHERE name LIKE '\\_%' ESCAPE '\\'")).toEqual([0]);
    expect(await listed(project, 'checkpoints')).toEqual([]);
    await expectNextRunToFinish(project);
  });
});
