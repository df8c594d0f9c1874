import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { onTestFinished, describe, expect, test } from 'vitest';
import { sqlite } from '../../src/drivers/sqlite.ts';
import { copy } from '../../src/providers/copy.ts';
import { up } from '../../src/run.ts';
import { newProject, type Project } from '../support/project.ts';

const isRoot = process.getuid?.() === 0;
/** `nobody` nearly everywhere. */
const other = 65_534;

function entriesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
}

/** From here on this process has the rights of a user who owns the project, save what is done before. */
function asOwner(project: Project, before: () => void = () => {}): void {
  const seteuid = process.seteuid?.bind(process);
  if (isRoot) for (const path of [project.root, ...entriesOf(project.root)]) chownSync(path, other, other);
  if (isRoot) chmodSync(dirname(project.root), 0o755);
  before();
  if (!isRoot || seteuid === undefined) return;
  seteuid(other);
  onTestFinished(() => seteuid(0));
}

test.runIf(isRoot)("what root makes beside somebody's database is that somebody's", async () => {
  const project = await newProject({ journalMode: 'wal' });
  await project.migration('001_it.sql', 'CREATE TABLE a (x);');
  chownSync(project.path, other, other);
  const result = await up(await project.setup(), { safe: true });
  expect(result.outcome).toBe('promoted');
  const home = join(project.root, '.forerun');
  const entries = entriesOf(home);
  expect(entries.map((path) => path.slice(home.length).replace(/\/[^/]*$/, ''))).toContain('/runs');
  expect(entries.map((path) => path.slice(home.length).replace(/\/[^/]*$/, ''))).toContain('/copies');
  for (const path of [home, ...entries]) expect([path, lstatSync(path).uid]).toEqual([path, other]);
  asOwner(project);
  await project.migration('002_it.sql', 'CREATE TABLE b (x);');
  expect(await up(await project.setup(), { safe: true })).toMatchObject({ outcome: 'promoted' });
});

describe('a folder that cannot be written is named, with what to do,', () => {
  const options = {
    holder: { run: 'r', host: 'h', pid: process.pid, since: '' },
    waitMs: 0,
    waiting: () => {},
    signal: new AbortController().signal,
  };
  const told = (path: string, home: string): object => ({
    code: 'PROVIDER_FAILED',
    message: expect.stringMatching(path),
    next: expect.stringMatching(new RegExp(`chown -R \\S+ "${home}"`)),
  });

  test('where it is a file', async () => {
    const project = await newProject();
    await project.migration('001_it.sql', 'CREATE TABLE a (x);');
    const home = join(project.root, '.forerun');
    writeFileSync(home, 'mine');
    const setup = await project.setup();
    const next = expect.stringContaining(`mv "${home}"`) as string;
    expect(await up(setup, { safe: true })).toMatchObject({
      outcome: 'failed',
      error: { code: 'PROVIDER_FAILED', next },
    });
    await expect(setup.provider.list(setup.main)).rejects.toMatchObject({ code: 'PROVIDER_FAILED', next });
  });

  test('by the lock', async () => {
    const project = await newProject();
    const home = join(project.root, '.forerun');
    asOwner(project, () => {
      mkdirSync(home, { recursive: true });
      writeFileSync(join(home, '.gitignore'), '*\n');
      chmodSync(home, 0o555);
    });
    const driver = sqlite();
    await expect(driver.lock(driver.target(project.path), options)).rejects.toMatchObject(
      told(join(home, 'lock.db'), home),
    );
  });

  test('by the folder that .forerun would be made in, where that cannot be written', async () => {
    const project = await newProject();
    asOwner(project, () => chmodSync(project.root, 0o555));
    const main = sqlite().target(project.path);
    const failure = {
      code: 'PROVIDER_FAILED',
      message: expect.stringContaining(join(project.root, '.forerun')),
      next: expect.stringMatching(new RegExp(`make that folder in ${project.root}: chown \\S+ "${project.root}"`)),
    };
    await expect(sqlite().lock(main, options)).rejects.toMatchObject(failure);
    await expect(copy().checkpoint(main, { label: 'x' })).rejects.toMatchObject(failure);
    chmodSync(project.root, 0o755);
  });

  test('by the copies, made and listed', async () => {
    const project = await newProject();
    const home = join(project.root, '.forerun');
    const copies = join(home, 'copies');
    asOwner(project, () => {
      mkdirSync(copies, { recursive: true });
      writeFileSync(join(home, '.gitignore'), '*\n');
      if (isRoot) chownSync(home, other, other);
      chmodSync(copies, 0o000);
    });
    const main = sqlite().target(project.path);
    await expect(copy().checkpoint(main, { label: 'x' })).rejects.toMatchObject(told(copies, home));
    await expect(copy().list(main)).rejects.toMatchObject(told(copies, home));
  });
});
