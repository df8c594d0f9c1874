import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { forerunJson, holdAt, isRunning, startForerun, until, untilHeld, childrenOf } from '../support/cli.ts';
import { expectNextRunToFinish, history, listed, resultOf, shopProject } from './interrupted.ts';

describe('a process that is killed', () => {
  it('takes its blocked worker along, and the next run does the work', async () => {
    const project = await shopProject();
    const { held } = await holdAt(project.root, 'script on copy');
    const running = startForerun(['up', '--safe'], { cwd: project.root });
    await untilHeld(held);
    const worker = Number(await readFile(held, 'utf8'));
    expect(await childrenOf(running.pid)).toEqual([worker]);
    running.signal('SIGKILL');
    await running.ended;
    await until(() => !isRunning(worker));
    expect(history(project)).toEqual([]);
    const next = await forerunJson(['up', '--safe'], { cwd: project.root });
    expect(next).toMatchObject({ outcome: 'promoted' });
    expect(next.findings.map((finding) => finding.gate)).toContain('recovery');
  });

  it('as a worker whose arguments are wrong is gone with the call', async () => {
    const project = await shopProject();
    const running = startForerun(['up', '--safe', '--nonsense', '--database', 'app.db'], { cwd: project.root });
    let workers: readonly number[] = [];
    await until(async () => (workers = await childrenOf(running.pid)).length > 0);
    expect((await running.ended).exitCode).toBe(2);
    await until(() => !workers.some(isRunning));
    expect(history(project)).toEqual([]);
  });

  it.each([
    ['script on copy', '001_products was rehearsed'],
    ['script on main', '001_products ran on main'],
  ])(
    'as a worker at "%s" is reported with what ended it and where it was, and its leftovers go',
    async (act, where) => {
      const project = await shopProject();
      const { held } = await holdAt(project.root, act);
      const running = startForerun(['up', '--safe', '--json'], { cwd: project.root });
      await untilHeld(held);
      process.kill(Number(await readFile(held, 'utf8')), 'SIGKILL');
      const result = await resultOf(running);
      expect(result).toMatchObject({ outcome: 'failed', exitCode: 1, error: { code: 'CRASHED' } });
      expect(result.error?.message).toBe(`The process that did the work was ended by SIGKILL while ${where}.`);
      const kept = (await listed(project, 'checkpoints')) as readonly { readonly id: string }[];
      for (const { kind, id, discarded } of result.copies) {
        if (kind === 'checkpoint') expect(discarded ?? false).toBe(!kept.some((copy) => copy.id === id));
      }
      await expectNextRunToFinish(project);
    },
  );

  it('right after a commit reports the migration as promoted: the history row decides', async () => {
    const project = await shopProject();
    const { held } = await holdAt(project.root, 'scripted on main');
    const running = startForerun(['up', '--safe', '--json'], { cwd: project.root });
    await untilHeld(held);
    running.signal('SIGINT');
    const result = await resultOf(running);
    expect(result).toMatchObject({ outcome: 'interrupted', exitCode: 130 });
    expect(result.migrations.map((migration) => migration.outcome)).toEqual(['promoted', 'passed']);
    expect(JSON.stringify(await listed(project, 'checkpoints'))).toContain(result.migrations[0]?.checkpoint);
    await expectNextRunToFinish(project);
  });
});
