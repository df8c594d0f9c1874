import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { homeOf, makeHome } from '../../src/drivers/sqlite/home.ts';
import { sqlite } from '../../src/drivers/sqlite.ts';
import { isAlive, thisProcess } from '../../src/process.ts';
import type { Copy, Provider } from '../../src/seams/provider.ts';
import type { Opened } from '../contracts/provider.ts';
import { describeWithMounts, mountReadOnly } from './fixtures/mounts.ts';
import { openSqlite, pathIn, sqliteWorld, startRival, type SqliteBench } from './fixtures/sqlite-bench.ts';

let bench: SqliteBench;
let provider: Provider;
let main: Opened;
let copies: string;

beforeEach(async () => {
  bench = await sqliteWorld({ journalMode: 'wal', lockWaitMs: 300 });
  provider = bench.provider;
  main = await bench.makeMain();
  copies = join(homeOf(pathIn(main.target)), 'copies');
  await main.write('CREATE TABLE notes (a INTEGER); INSERT INTO notes VALUES (1)');
});
afterEach(async () => {
  await main.close();
  await bench[Symbol.asyncDispose]();
});

const mode = (path: string): number => statSync(path).mode & 0o777;
const take = async (label = 'base'): Promise<Copy> => {
  const checkpoint = await provider.checkpoint(main.target, { label });
  await checkpoint[Symbol.asyncDispose]();
  return checkpoint;
};

describe('the files', () => {
  it('can be read by their owner only, and git does not see them', async () => {
    await using checkpoint = await provider.checkpoint(main.target, { label: 'base' });
    const branch = await provider.branch(checkpoint, { label: 'b' });
    await provider.snapshot(branch, { label: 's' });
    const home = dirname(copies);
    expect([mode(home), mode(copies)]).toEqual([0o700, 0o700]);
    expect(readFileSync(join(home, '.gitignore'), 'utf8')).toBe('*\n');
    const names = readdirSync(copies);
    expect(names.map((name) => mode(join(copies, name)))).toEqual(names.map(() => 0o600));
  });

  it('are waited for until they are on the disk, save those of a branch that goes away with its run', async () => {
    const driver = sqlite();
    const synchronous = async ({ target }: Pick<Copy, 'target'>): Promise<unknown> => {
      await using connection = await driver.open(target);
      const [row] = await connection.query('SELECT synchronous FROM pragma_synchronous');
      return row?.['synchronous'];
    };
    await using checkpoint = await provider.checkpoint(main.target, { label: 'base', run: 'run-1' });
    const [named, ofRun] = [
      await provider.branch(checkpoint, { label: 'named' }),
      await provider.branch(checkpoint, { label: 'of a run', run: 'run-1' }),
    ];
    expect(await synchronous(ofRun)).toBe(0);
    for (const other of [main, checkpoint, named]) expect(await synchronous(other)).toBeGreaterThan(0);
  });

  it('are one database file and one record for each copy, and nothing else', async () => {
    await using checkpoint = await provider.checkpoint(main.target, { label: 'base' });
    const branch = await provider.branch(checkpoint, { label: 'b' });
    expect(readdirSync(copies).toSorted()).toEqual(
      [`${branch.id}.db`, `${branch.id}.json`, `${checkpoint.id}.db`, `${checkpoint.id}.json`].toSorted(),
    );
    expect(readdirSync(dirname(copies)).toSorted()).toEqual(['.gitignore', 'copies']);
  });

  it('hold what still stands in the WAL of an application that is at work', async () => {
    const application = await startRival(main.target);
    await application.write('PRAGMA wal_autocheckpoint = 0; INSERT INTO notes VALUES (2)');
    const copied = openSqlite((await take()).target);
    expect(await copied.read('SELECT a FROM notes')).toEqual([[1], [2]]);
    await copied.close();
    await application.end();
  });

  it('are the same whatever name main is called by', async () => {
    const checkpoint = await take();
    const link = join(bench.folder, 'elsewhere');
    mkdirSync(link);
    symlinkSync(pathIn(main.target), join(link, 'link.db'));
    const path = join(link, 'link.db');
    expect(homeOf(path)).toBe(homeOf(pathIn(main.target)));
    const listed = await provider.list({ url: `sqlite:${path}`, path, variable: path });
    expect(listed.map((copy) => copy.id)).toEqual([checkpoint.id]);
  });

  it('move with the folder that main stands in', async () => {
    const checkpoint = await take();
    await main.close();
    const moved = `${bench.folder} moved`;
    renameSync(bench.folder, moved);
    const path = pathIn(main.target).replace(bench.folder, moved);
    const target = { url: `sqlite:${path}`, path, variable: path };
    const [found] = await provider.list(target);
    expect(found).toMatchObject({ id: checkpoint.id, state: 'ready' });
    if (found !== undefined) await provider.restore?.(found, target);
    renameSync(moved, bench.folder);
    main = openSqlite(main.target);
    expect(await main.read('SELECT a FROM notes')).toEqual([[1]]);
  });

  it.each([
    ['sqlite:main.db', 'sqlite:'],
    ['file:./main.db', 'file:'],
    ['./main.db', ''],
  ])('give the database variable the form that main has: %s', async (variable, form) => {
    await using checkpoint = await provider.checkpoint({ ...main.target, variable }, { label: 'base' });
    const branch = await provider.branch(checkpoint, { label: 'b' });
    const path = pathIn(branch.target);
    expect(branch.target).toEqual({ url: `sqlite:${path}`, path, variable: `${form}${path}` });
    const [, listed] = await provider.list({ ...main.target, variable });
    expect(listed?.target).toEqual(branch.target);
  });
});

describe('a main that stays locked', () => {
  it('is no longer waited for after the limit, and nothing is left behind', async () => {
    const rival = await startRival(main.target);
    await rival.read('PRAGMA locking_mode = EXCLUSIVE');
    await main.close();
    await rival.write('INSERT INTO notes VALUES (3)');
    await expect(take()).rejects.toMatchObject({ code: 'LOCKED' });
    await rival.end();
    main = openSqlite(main.target);
    expect(readdirSync(copies)).toEqual([]);
  });
});

describe('files that are not what they should be', () => {
  it('are listed as leftovers and discarded: data without a record, a record that cannot be read, half of one', async () => {
    const good = await take('good');
    writeFileSync(join(copies, 'cp_orphan_1.db'), 'x');
    writeFileSync(join(copies, 'br_torn_1.json'), '{"format": 1, "kin');
    writeFileSync(join(copies, 'br_torn_1.db'), '');
    writeFileSync(join(copies, 'cp_half_1.json.tmp'), '{');
    const listed = await provider.list(main.target);
    expect(new Map(listed.map((copy) => [copy.id, `${copy.kind} ${copy.state}`]))).toEqual(
      new Map([
        [good.id, 'checkpoint ready'],
        ['cp_orphan_1', 'checkpoint leftover'],
        ['br_torn_1', 'branch leftover'],
        ['cp_half_1', 'checkpoint leftover'],
      ]),
    );
    for (const copy of listed) await provider.discard(copy);
    expect(readdirSync(copies)).toEqual([]);
  });

  it('are leftovers where the data of a record is gone', async () => {
    const checkpoint = await take();
    rmSync(pathIn(checkpoint.target));
    expect(await provider.list(main.target)).toMatchObject([{ id: checkpoint.id, state: 'leftover', bytes: 0 }]);
    await expect(provider.restore?.(checkpoint, main.target)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await main.read('SELECT a FROM notes')).toEqual([[1]]);
  });

  it('are swept where a killed process tried out the file system with them', async () => {
    mkdirSync(copies, { recursive: true });
    writeFileSync(join(copies, 'probe-4194305-0badcafe'), '');
    writeFileSync(join(copies, `probe-${process.ppid}-0badcafe`), '');
    expect(await bench.workAndDie(main.target, { kind: 'checkpoint', label: 'theirs' })).toBe(false);
    const probes = readdirSync(copies).filter((name) => name.startsWith('probe-'));
    expect(probes).toEqual([`probe-${process.ppid}-0badcafe`]);
  });

  it('are left alone where a newer Forerun wrote the record', async () => {
    await take();
    writeFileSync(join(copies, 'cp_newer_1.json'), '{"format": 2}');
    expect(await provider.list(main.target)).toContainEqual(
      expect.objectContaining({ id: 'cp_newer_1', state: 'ready' }),
    );
  });

  it('are not touched where somebody else put them there', async () => {
    const checkpoint = await take();
    writeFileSync(join(copies, 'notes.db'), 'mine');
    expect((await provider.list(main.target)).map((copy) => copy.id)).toEqual([checkpoint.id]);
    const forged: Copy = { ...checkpoint, target: main.target };
    await expect(provider.discard(forged)).rejects.toMatchObject({ code: 'PROVIDER_FAILED' });
    await expect(provider.discard({ ...forged, id: 'notes' })).rejects.toMatchObject({ code: 'PROVIDER_FAILED' });
    expect(await main.read('SELECT a FROM notes')).toEqual([[1]]);
  });
});

describe('the folder beside main', () => {
  it('names itself and what to do where something is in its way', async () => {
    const folder = join(bench.folder, 'blocked');
    mkdirSync(folder);
    writeFileSync(join(folder, '.forerun'), '');
    await expect(makeHome(join(folder, 'app.db'))).rejects.toMatchObject({
      code: 'PROVIDER_FAILED',
      message: expect.stringContaining(join(folder, '.forerun')),
      next: expect.stringContaining(folder),
    });
  });

  it('has its place also before main exists, and behind a link that leads nowhere yet', () => {
    expect(homeOf(join(bench.folder, 'new.db'))).toBe(join(bench.folder, '.forerun'));
    mkdirSync(join(bench.folder, 'data'));
    symlinkSync('data/later.db', join(bench.folder, 'link.db'));
    expect(homeOf(join(bench.folder, 'link.db'))).toBe(join(bench.folder, 'data', '.forerun'));
  });
});

describeWithMounts('a folder that nobody may write', [], () => {
  it('is named, with what to do', async () => {
    const mount = mountReadOnly();
    const making = makeHome(join(mount.folder, 'app.db'));
    await expect(making).rejects.toMatchObject({
      code: 'PROVIDER_FAILED',
      message: expect.stringContaining(mount.folder),
    });
    mount.unmount();
  });
});

describe('the identity of a process', () => {
  it('is alive for this one, and dead once the process ended or its number is another’s', () => {
    const self = thisProcess();
    expect(isAlive(self)).toBe(true);
    expect(isAlive({ ...self, startTime: 'another time' })).toBe(process.platform !== 'linux');
    expect(isAlive({ pid: 2 ** 22 + 1, host: hostname() })).toBe(false);
  });

  it('is taken for alive where it belongs to another host', () => {
    expect(isAlive({ pid: 2 ** 22 + 1, host: 'another host' })).toBe(true);
  });
});

describe('a copy that a process of another host was making or using', () => {
  const ofAnotherHost = (id: string, state: 'making' | 'ready', age: number): void => {
    const file = join(copies, `${id}.json`);
    const record = JSON.parse(readFileSync(file, 'utf8'));
    const run = '20260101-000000-dead';
    writeFileSync(file, JSON.stringify({ ...record, state, run, maker: { pid: 7, host: 'a container' } }));
    const then = (Date.now() - age) / 1000;
    for (const path of [file, join(copies, `${id}.db`)]) utimesSync(path, then, then);
  };
  const day = 24 * 60 * 60 * 1000;

  it.each(['making', 'ready'] as const)('is a leftover once nobody has written it for a day (%s)', async (state) => {
    const base = await take();
    const branch = await provider.branch(
      { ...base, kind: 'checkpoint', async [Symbol.asyncDispose]() {} },
      { label: 'b' },
    );
    ofAnotherHost(branch.id, state, day / 2);
    const listed = async (): Promise<unknown> =>
      (await provider.list(main.target)).find((copy) => copy.id === branch.id)?.state;
    expect(await listed()).toBe(state === 'making' ? undefined : 'ready');
    ofAnotherHost(branch.id, state, day * 1.1);
    expect(await listed()).toBe('leftover');
  });
});
