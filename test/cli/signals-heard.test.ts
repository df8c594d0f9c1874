import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { holdAt, holdLock, isRunning, startForerun, until, untilHeld, childrenOf } from '../support/cli.ts';
import { expectNextRunToFinish, resultOf, shopProject } from './interrupted.ts';

describe('a signal that the work can hear', () => {
  it('ends the wait for another deployer', async () => {
    const project = await shopProject();
    const other = await holdLock(project.path);
    const running = startForerun(['up', '--safe', '--json', '--database', 'app.db'], { cwd: project.root });
    await until(async () => (await childrenOf(running.pid)).length > 0);
    await until(() => existsSync(join(project.root, '.forerun')));
    running.signal('SIGTERM');
    expect(await resultOf(running)).toMatchObject({ outcome: 'interrupted', exitCode: 143 });
    other.kill('SIGKILL');
    await expectNextRunToFinish(project, ['--database', 'app.db']);
  });

  it('is heard as soon as there is a worker', async () => {
    const project = await shopProject();
    const running = startForerun(['up', '--safe', '--json', '--database', 'app.db'], { cwd: project.root });
    await until(async () => (await childrenOf(running.pid)).length > 0);
    running.signal('SIGINT');
    expect(await resultOf(running)).toMatchObject({ outcome: 'interrupted', exitCode: 130, verb: 'up' });
    await expectNextRunToFinish(project, ['--database', 'app.db']);
  });

  it('ends the user’s commands with the run', async () => {
    const project = await shopProject();
    const started = join(project.root, 'started');
    const script = `require('fs').writeFileSync(${JSON.stringify(started)}, String(process.pid)); setInterval(() => {}, 1000);`;
    await writeFile(join(project.root, 'wait.cjs'), script);
    const running = startForerun(['up', '--safe', '--json', '--database', 'app.db', '--validate', 'node wait.cjs'], {
      cwd: project.root,
    });
    await until(() => existsSync(started));
    running.signal('SIGINT');
    expect(await resultOf(running)).toMatchObject({ outcome: 'interrupted', exitCode: 130 });
    const command = Number(await readFile(started, 'utf8'));
    await until(() => !isRunning(command));
    await expectNextRunToFinish(project, ['--database', 'app.db']);
  });

  // On a machine that is very busy the worker may answer too late, and is ended instead.
  it('is waited for while the run cleans up by itself', { retry: 2 }, async () => {
    const project = await shopProject();
    const { held } = await holdAt(project.root, 'checkpoint on main', 'waiting');
    const running = startForerun(['up', '--safe', '--json'], { cwd: project.root });
    await untilHeld(held);
    running.signal('SIGINT');
    const result = await resultOf(running);
    expect(result).toMatchObject({ outcome: 'interrupted', exitCode: 130 });
    expect(result.findings.filter((finding) => finding.gate === 'recovery')).toEqual([]);
    await expectNextRunToFinish(project);
  });

  it('does not undo what was done: a verb without a run says so as well', async () => {
    const project = await shopProject();
    const { held } = await holdAt(project.root, 'checkpoint on main');
    const running = startForerun(['checkpoint', 'mine', '--json'], { cwd: project.root });
    await untilHeld(held);
    running.signal('SIGTERM');
    expect(await resultOf(running)).toMatchObject({ outcome: 'interrupted', exitCode: 143, verb: 'checkpoint' });
    await expectNextRunToFinish(project);
  });

  it('ends work that goes on all the same, when it is given a second time', async () => {
    const project = await shopProject();
    const { held } = await holdAt(project.root, 'branch', 'deaf');
    const running = startForerun(['up', '--safe', '--json'], { cwd: project.root });
    await untilHeld(held);
    running.signal('SIGINT');
    // Two signals right after each other are one: npm hands on what the terminal has sent already.
    running.signal('SIGINT');
    await sleep(1500);
    expect(isRunning(running.pid)).toBe(true);
    running.signal('SIGINT');
    expect(await resultOf(running)).toMatchObject({ outcome: 'interrupted', exitCode: 130 });
    expect(isRunning(Number(await readFile(held, 'utf8')))).toBe(false);
    await expectNextRunToFinish(project);
  });
});
