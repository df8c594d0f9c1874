import { onTestFinished } from 'vitest';
import type { Branch, Checkpoint, ListedCopy, Provider } from '../../../src/seams/provider.ts';
import type { Target } from '../../../src/seams/target.ts';
import type { Opened, ProviderBench } from './bench.ts';

/** What a test works with: a fresh bench and a main with one note, `first`. */
export interface World {
  readonly bench: ProviderBench;
  readonly provider: Provider;
  readonly main: Opened;
  /** The notes' bodies, in order. */
  readonly bodies: (target: Target) => Promise<readonly unknown[]>;
  readonly change: (target: Target, sql: string) => Promise<void>;
  /** Adds a note. */
  readonly add: (target: Target, body: string) => Promise<void>;
  readonly promote: (branch: Branch, since: Checkpoint) => Promise<void>;
  readonly held: (branch: Branch, rehearse: () => Promise<void>) => Promise<void>;
}

export type Begin = () => Promise<World>;

/** Everything is put away when the test has finished. */
export async function beginWith(makeBench: () => Promise<ProviderBench>): Promise<World> {
  const bench = await makeBench();
  const { provider } = bench;
  const main = await bench.makeMain();
  onTestFinished(async () => {
    await main.close();
    await bench[Symbol.asyncDispose]();
  });
  await main.write("CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT); INSERT INTO notes (body) VALUES ('first')");
  const change = async (target: Target, sql: string): Promise<void> => {
    const opened = await bench.open(target);
    await opened.write(sql);
    await opened.close();
  };
  return {
    bench,
    provider,
    main,
    async bodies(target) {
      const opened = await bench.open(target);
      const rows = await opened.read('SELECT body FROM notes ORDER BY id');
      await opened.close();
      return rows.map(([body]) => body);
    },
    change,
    add: (target, body) => change(target, `INSERT INTO notes (body) VALUES ('${body}')`),
    promote(branch, since) {
      if (provider.promote === undefined) throw new Error(`${provider.name} cannot swap`);
      return provider.promote(branch, since);
    },
    held(branch, rehearse) {
      if (provider.promoteHeld === undefined) throw new Error(`${provider.name} cannot hold writers off`);
      return provider.promoteHeld(branch, main.target, rehearse);
    },
  };
}

export function ids(copies: readonly ListedCopy[]): string[] {
  return copies.map((copy) => copy.id);
}

/** Some 20 MB, so that copying takes long enough for others to get in between. */
export async function fill(main: Opened): Promise<void> {
  await main.write('CREATE TABLE filler (id INTEGER PRIMARY KEY, body TEXT)');
  await main.write(`INSERT INTO filler (body) VALUES ('${'filler '.repeat(100)}')`);
  for (let i = 0; i < 15; i++) await main.write('INSERT INTO filler (body) SELECT body FROM filler');
}
