import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { forerun, startForerun, type Running } from '../support/cli.ts';
import type { Project } from '../support/project.ts';
import { expectNextRunToFinish, history, listed, resultOf, shopProject, tables } from './interrupted.ts';

/** Reads on, or holds everybody off, for as long as the test takes: without a WAL neither lets anybody commit. */
function somebody({ path }: Project, sql: 'BEGIN; SELECT count(*) FROM users' | 'BEGIN EXCLUSIVE'): { leave(): void } {
  const database = new Database(path);
  for (const statement of sql.split('; ')) {
    const prepared = database.prepare(statement);
    if (prepared.reader) prepared.get();
    else prepared.run();
  }
  onTestFinished(() => void database.close());
  return { leave: () => void database.exec('ROLLBACK') };
}

async function saidToWait({ stderr }: Running, what: string): Promise<void> {
  let said = '';
  for await (const chunk of stderr) if ((said += String(chunk)).includes(what)) return;
  throw new Error(`It ended without waiting: ${said}`);
}

const here = ['--database', 'app.db'];

describe('while another program has main locked, a signal ends', () => {
  test.each<['SIGINT' | 'SIGTERM', number]>([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ])('a rollback that waits to replace main, which stays as it is: %s', async (signal, code) => {
    const project = await shopProject();
    await forerun(['checkpoint', 'first', ...here], { cwd: project.root });
    project.write('CREATE TABLE later (id)');
    const before = tables(project);
    const other = somebody(project, 'BEGIN; SELECT count(*) FROM users');
    const running = startForerun(['rollback', 'first', '--yes', ...here], { cwd: project.root });
    await saidToWait(running, 'locked (replacing');
    running.signal(signal);
    expect((await running.ended).exitCode).toBe(code);
    expect(tables(project)).toEqual(before);
    expect(await listed(project, 'checkpoints', here)).toMatchObject([{ label: 'first' }]);
    other.leave();
    await expectNextRunToFinish(project, here);
  });

  test('a checkpoint that waits to read main', async () => {
    const project = await shopProject();
    const other = somebody(project, 'BEGIN EXCLUSIVE');
    const running = startForerun(['checkpoint', 'mine', ...here], { cwd: project.root });
    await saidToWait(running, 'locked (reading');
    running.signal('SIGTERM');
    expect((await running.ended).exitCode).toBe(143);
    other.leave();
    expect(await listed(project, 'checkpoints', here)).toEqual([]);
  });

  test.each(['up', 'promote'] as const)('%s, where it waits to commit to main', async (verb) => {
    const project = await shopProject();
    if (verb === 'promote') {
      await forerun(['branch', '--name', 'mine', ...here], { cwd: project.root });
      const [made] = (await listed(project, 'branches', here)) as { path: string }[];
      new Database(made?.path).exec('CREATE TABLE products (id INTEGER PRIMARY KEY)').close();
    }
    const before = tables(project);
    const other = somebody(project, 'BEGIN; SELECT count(*) FROM users');
    const args = verb === 'up' ? ['up', '--safe', '--json'] : ['promote', 'mine', '--json'];
    const running = startForerun([...args, ...here], { cwd: project.root });
    await saidToWait(running, 'waiting for up to');
    running.signal('SIGTERM');
    expect(await resultOf(running)).toMatchObject({ outcome: 'interrupted', exitCode: 143 });
    other.leave();
    expect(tables(project)).toEqual(before);
    expect(history(project)).toEqual([]);
  });
});
