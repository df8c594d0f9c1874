import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checksum } from '../../src/checksum.ts';
import { isForerunError } from '../../src/error.ts';
import type { Attempt, Migration, Source } from '../../src/seams/source.ts';
import type { Target } from '../../src/seams/target.ts';

/** A source without any migration, and what the suite does to it. Fresh for each test. */
export interface SourceFixture {
  readonly source: Source;
  /**
   * Adds a migration that comes after all that are there, the way its framework would, and answers with its name in
   * the history. Its up creates the table `table`; its down, where the framework has downs, drops it.
   */
  add(table: string): Promise<string>;
  /** Makes the migration do something else, under the same name. Absent where its name is all that is known of it. */
  change?(name: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** Adds something that cannot be a migration, and answers with a part of what the error must say. */
  spoil?(): Promise<string>;
  /** A database for the migrations to run on, and the tables that stand in it. */
  readonly database?: { readonly target: Target; tables(): Promise<readonly string[]> };
}

const parts = { listing, changes, running } as const;

/**
 * What every source must keep. `make` is called in each test, and may use vitest's `onTestFinished`. A source that lists
 * other migrations than those that it runs is given in parts.
 */
export function sourceContract(
  name: string,
  make: () => Promise<SourceFixture>,
  only: readonly (keyof typeof parts)[] = ['listing', 'changes', 'running'],
): void {
  describe(`the source ${name}`, () => {
    for (const part of only) parts[part](make);
  });
}

function listing(make: () => Promise<SourceFixture>): void {
  it('lists nothing where there is nothing', async () => {
    const { source } = await make();
    expect(await source.migrations()).toEqual([]);
  });

  it('lists in the order in which they were added, the tenth after the ninth', async () => {
    const { source, add } = await make();
    const names: string[] = [];
    for (let number = 1; number <= 11; number++) names.push(await add(`t${number}`));
    const migrations = await source.migrations();
    expect(migrations.map((migration) => migration.name)).toEqual(names);
    expect(new Set(names).size).toBe(11);
    for (const { version } of migrations) expect(version).not.toBe('');
  });

  it('answers the same twice', async () => {
    const { source, add } = await make();
    await add('a');
    await add('b');
    expect((await source.migrations()).map(identityOf)).toEqual((await source.migrations()).map(identityOf));
  });

  it('gives the text whose checksum it tells', async () => {
    const { source, add } = await make();
    await add('a');
    const migration = only(await source.migrations());
    expect(migration.checksum).toMatch(/^[a-z0-9-]+:[0-9a-f]+$/);
    expect(migration.text).not.toBe('');
    if (migration.checksum.startsWith('sha256:')) expect(checksum(migration.text)).toBe(migration.checksum);
  });

  it('names files by their absolute paths', async () => {
    const { source, add } = await make();
    await add('a');
    const { file, downFile } = only(await source.migrations());
    for (const path of [file, downFile]) {
      if (path !== undefined) expect([isAbsolute(path), existsSync(path)]).toEqual([true, true]);
    }
  });
}

function changes(make: () => Promise<SourceFixture>): void {
  it('reads anew at every call: a changed migration keeps its name and gets another checksum', async ({ skip }) => {
    const { source, add, change } = await make();
    if (!change) return skip('nothing can be changed here');
    const [first, second] = [await add('a'), await add('b')];
    const before = await source.migrations();
    await change(second);
    const after = await source.migrations();
    expect(after.map((migration) => migration.name)).toEqual([first, second]);
    expect(after[0]?.checksum).toBe(before[0]?.checksum);
    expect(after[1]?.checksum).not.toBe(before[1]?.checksum);
    expect(after[1]?.text).not.toBe(before[1]?.text);
  });

  it('no longer lists what was removed', async () => {
    const { source, add, remove } = await make();
    const [first, second] = [await add('a'), await add('b')];
    expect(await source.migrations()).toHaveLength(2);
    await remove(first);
    expect((await source.migrations()).map((migration) => migration.name)).toEqual([second]);
  });

  it('refuses what cannot be a migration by name, and says what to do', async ({ skip }) => {
    const { source, add, spoil } = await make();
    if (!spoil) return skip('nothing can be spoilt here');
    await add('a');
    const spoilt = await spoil();
    const error = await source.migrations().catch((reason: unknown) => reason);
    if (!isForerunError(error, 'BAD_MIGRATION')) throw error;
    expect(error.message).toContain(spoilt);
    expect(error.next).toBeTruthy();
  });
}

function running(make: () => Promise<SourceFixture>): void {
  it('goes up and comes down on the database that it is given', async ({ skip }) => {
    const { source, add, database } = await make();
    if (!database) return skip('it runs without a database');
    const before = await database.tables();
    await add('a');
    const { up, down } = only(await source.migrations());
    await up(database.target, watch().attempt);
    expect(await database.tables()).toEqual([...before, 'a'].toSorted());
    await down?.(database.target, watch().attempt);
    if (down) expect(await database.tables()).toEqual(before);
  });

  it('calls afterBegin first and beforeCommit last, once each, or neither', async ({ skip }) => {
    const { source, add, database } = await make();
    if (!database) return skip('it runs without a database');
    await add('a');
    const { calls, attempt } = watch();
    await only(await source.migrations()).up(database.target, attempt);
    const hooks = calls.filter((call) => call !== 'statement');
    expect([[], ['afterBegin', 'beforeCommit']]).toContainEqual(hooks);
    if (hooks.length > 0) expect([calls[0], calls.at(-1)]).toEqual(hooks);
  });

  it.for(['afterBegin', 'beforeCommit'] as const)(
    'leaves the database as it was where %s throws',
    async (hook, { skip }) => {
      const { source, add, database } = await make();
      if (!database) return skip('it runs without a database');
      const before = await database.tables();
      await add('a');
      const { calls, attempt } = watch(hook);
      const failed = await only(await source.migrations())
        .up(database.target, attempt)
        .then(
          () => false,
          () => true,
        );
      expect(failed).toBe(calls.includes(hook));
      if (failed) expect(await database.tables()).toEqual(before);
    },
  );
}

/** An attempt that notes what it is told, and throws at one of its hooks. */
function watch(broken?: 'afterBegin' | 'beforeCommit'): {
  readonly calls: readonly string[];
  readonly attempt: Attempt;
} {
  const calls: string[] = [];
  const hook = (name: 'afterBegin' | 'beforeCommit') => async (): Promise<void> => {
    calls.push(name);
    if (name === broken) throw new Error(`${name} refuses`);
  };
  const attempt: Attempt = {
    afterBegin: hook('afterBegin'),
    beforeCommit: hook('beforeCommit'),
    statement: () => calls.push('statement'),
    alone: false,
    note: () => {},
    signal: new AbortController().signal,
  };
  return { calls, attempt };
}

function identityOf({ version, name, checksum: digest, text, file, language, downFile }: Migration): unknown {
  return { version, name, digest, text, file, language, downFile };
}

function only(migrations: readonly Migration[]): Migration {
  expect(migrations).toHaveLength(1);
  return migrations[0]!;
}
