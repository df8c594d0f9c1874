import { expect, onTestFinished } from 'vitest';
import { lookAt } from '../../../src/look-at.ts';
import type { Branch, Checkpoint, Copy, ListedCopy, Provider } from '../../../src/seams/provider.ts';
import type { Target } from '../../../src/seams/target.ts';
import type { Opened, ProviderBench, Rival } from './bench.ts';

/** What a provider offers, known before any test begins. */
export type Flags = Pick<Provider, 'alone' | 'promote' | 'promoteHeld' | 'restore'>;

/** What a test works with: a fresh bench and a main with one note, `first`. */
export interface World {
  readonly bench: ProviderBench;
  readonly provider: Provider;
  readonly main: Opened;
  /** Another main, without any table. */
  readonly makeMain: () => Promise<Opened>;
  /** A program in another process that uses main, and stays connected where that is nothing to the provider. */
  readonly rival: () => Promise<Visitor>;
  /** The notes' bodies, in order. */
  readonly bodies: (of: Copy | Target) => Promise<readonly unknown[]>;
  readonly change: (target: Target, sql: string) => Promise<void>;
  /** Adds a note. */
  readonly add: (target: Target, body: string) => Promise<void>;
  readonly promote: (branch: Branch, since: Checkpoint) => Promise<void>;
  readonly restore: (checkpoint: Copy, main: Target) => Promise<void>;
  readonly held: (branch: Branch, rehearse: () => Promise<void>) => Promise<void>;
}

export type Visitor = Pick<Rival, 'write' | 'read' | 'end'>;

export type Begin = () => Promise<World>;

/** When the test has finished, all copies are discarded, and nothing may be left. */
export async function beginWith(makeBench: () => Promise<ProviderBench>, flags: Flags): Promise<World> {
  const bench = await makeBench();
  const { provider } = bench;
  const mains: Opened[] = [];
  const makeMain = async (): Promise<Opened> => {
    const made = await bench.makeMain();
    const main = flags.alone === undefined ? made : await closedInBetween(bench, made);
    mains.push(main);
    return main;
  };
  onTestFinished(async () => {
    await using _ = bench;
    for (const { target } of mains) for (const copy of await provider.list(target)) await provider.discard(copy);
    for (const { target } of mains) expect(await bench.residue(target)).toEqual([]);
    for (const main of mains) await main.close();
  });
  const main = await makeMain();
  await main.write(
    `CREATE TABLE notes (id ${bench.dialect.numbered}, body TEXT); INSERT INTO notes (body) VALUES ('first')`,
  );
  const change = async (target: Target, sql: string): Promise<void> => {
    const opened = await bench.open(target);
    await opened.write(sql);
    await opened.close();
  };
  return {
    bench,
    provider,
    main,
    makeMain,
    rival: async () => (flags.alone === undefined ? bench.rival(main.target) : visitor(bench, main.target)),
    async bodies(of) {
      if (!('target' in of)) return bodiesAt(bench, of);
      await using look = await lookAt(provider, of, { label: `a look at ${of.id}` });
      return await bodiesAt(bench, look.target);
    },
    change,
    add: (target, body) => change(target, `INSERT INTO notes (body) VALUES ('${body}')`),
    promote(branch, since) {
      if (provider.promote === undefined) throw new Error(`${provider.name} cannot swap`);
      return provider.promote(branch, since);
    },
    restore(checkpoint, target) {
      if (provider.restore === undefined) throw new Error(`${provider.name} cannot put main back`);
      return provider.restore(checkpoint, target);
    },
    held(branch, rehearse) {
      if (provider.promoteHeld === undefined) throw new Error(`${provider.name} cannot hold writers off`);
      return provider.promoteHeld(branch, main.target, rehearse);
    },
  };
}

async function bodiesAt(bench: ProviderBench, target: Target): Promise<readonly unknown[]> {
  const opened = await bench.open(target);
  const rows = await opened.read('SELECT body FROM notes ORDER BY id');
  await opened.close();
  return rows.map(([body]) => body);
}

/** A main that is open only while it is used, for providers that nobody may be in the way of. */
async function closedInBetween(bench: ProviderBench, { target, close }: Opened): Promise<Opened> {
  await close();
  const using = async <T>(use: (opened: Opened) => Promise<T>): Promise<T> => {
    const opened = await bench.open(target);
    try {
      return await use(opened);
    } finally {
      await opened.close();
    }
  };
  return {
    target,
    write: (sql) => using((opened) => opened.write(sql)),
    read: (sql) => using((opened) => opened.read(sql)),
    close: async () => {},
  };
}

/** A program that comes anew for each thing it does. */
function visitor(bench: ProviderBench, target: Target): Visitor {
  const visit = async <T>(use: (rival: Rival) => Promise<T>): Promise<T> => {
    const rival = await bench.rival(target);
    try {
      return await use(rival);
    } finally {
      await rival.end();
    }
  };
  return {
    write: (sql) => visit((rival) => rival.write(sql)),
    read: (sql) => visit((rival) => rival.read(sql)),
    end: async () => {},
  };
}

export function ids(copies: readonly ListedCopy[]): string[] {
  return copies.map((copy) => copy.id);
}

/** Some 20 MB, so that copying takes long enough for others to get in between. */
export async function fill({ dialect }: ProviderBench, main: Opened): Promise<void> {
  await main.write(`CREATE TABLE filler (id ${dialect.numbered}, body TEXT)`);
  await main.write(`INSERT INTO filler (body) VALUES ('${'filler '.repeat(100)}')`);
  for (let i = 0; i < 15; i++) await main.write('INSERT INTO filler (body) SELECT body FROM filler');
}
