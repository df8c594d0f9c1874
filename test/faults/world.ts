import { expect } from 'vitest';
import { fingerprint } from '../../src/checksum.ts';
import { up } from '../../src/run.ts';
import type { JournalEntry } from '../../src/seams/records.ts';
import type { Setup } from '../../src/setup.ts';
import type { InJournal, Journalled, Place, Scenario } from './scenario.ts';

/** What a reader of main sees: schema, history, the framework's own record, and the rows that were there before. */
export interface Seen {
  readonly schema: string;
  readonly history: readonly string[];
  readonly record: readonly string[];
  readonly users: readonly unknown[];
}

/** A state that a reader of main may see. */
export interface Legal {
  readonly seen: Seen;
  /** Where the journal may say that a migration is. */
  readonly journal: readonly InJournal[];
}

/** A fresh project with a fresh database of its own. */
export interface World extends Place, AsyncDisposable {
  readonly scenario: Scenario;
  /** Without faults. */
  readonly setup: Setup;
  /** Runs statements on main, on a connection of its own. */
  write(sql: string): Promise<void>;
}

export type NewWorld = (scenario: Scenario) => Promise<World>;

export async function see({ driver, main, source }: Setup): Promise<Seen> {
  const record = (await source.recorded?.(main)) ?? [];
  await using connection = await driver.open(main);
  const history = await driver.history(connection).rows();
  const users = await connection.query('SELECT id, email, name FROM users ORDER BY id');
  return {
    schema: fingerprint(await driver.schema(connection)),
    history: history.map((row) => row.name),
    record: record.map((one) => (typeof one === 'string' ? one : one.name)),
    users,
  };
}

/** Every state that a reader of main may ever see: before, after each promotion, after all. */
export async function legalStates(newWorld: NewWorld, scenario: Scenario): Promise<readonly Legal[]> {
  await using world = await newWorld(scenario);
  const { setup } = world;
  const states: Legal[] = [
    { seen: await see(setup), journal: ['', ...(scenario.journalled?.begun ?? [])] },
    ...(scenario.journalled === undefined ? [] : await middleStates(newWorld, scenario, scenario.journalled)),
  ];
  for (;;) {
    const result = await up(setup, { safe: true, ...(scenario.swapped ? {} : { step: 1 }) });
    if (result.outcome === 'nothing-pending') return states;
    expect(result, JSON.stringify(result)).toMatchObject({ outcome: 'promoted' });
    states.push({ seen: await see(setup), journal: [''] });
  }
}

async function middleStates(newWorld: NewWorld, scenario: Scenario, { parts }: Journalled): Promise<readonly Legal[]> {
  await using world = await newWorld(scenario);
  const states: Legal[] = [];
  for (const { sql, journal } of parts) {
    await world.write(sql);
    states.push({ seen: await see(world.setup), journal });
  }
  return states;
}

/** What is found in a world after a fault. */
export interface Found {
  readonly seen: Seen;
  readonly entry: JournalEntry | undefined;
}

/** Main is in a legal state, and where that is the middle of a migration the journal says so. */
export async function expectLegal({ setup }: World, states: readonly Legal[], at: string): Promise<Found> {
  const found = { seen: await see(setup), entry: await entryOf(setup) };
  const legal = states.find((state) => JSON.stringify(state.seen) === JSON.stringify(found.seen));
  expect(legal, `${at}: ${JSON.stringify(found.seen)}`).toBeDefined();
  expect(legal?.journal, at).toContain(inJournal(found.entry));
  return found;
}

async function entryOf({ driver, main }: Setup): Promise<JournalEntry | undefined> {
  await using connection = await driver.open(main);
  return await driver.journal(connection).read(await driver.identity(main));
}

export function inJournal(entry: JournalEntry | undefined): InJournal {
  if (entry?.phase !== 'journalled') return '';
  const { stretch } = entry;
  return stretch === undefined ? 'begun' : `${stretch.index} ${stretch.done ? 'done' : 'begun'}`;
}

/**
 * All that a run left behind, apart from names and times of its own: where two left the same, what the next run makes of
 * one it makes of the other.
 */
export async function aftermath({ setup }: World, found: Found): Promise<string> {
  const copies = await setup.provider.list(setup.main);
  const left = copies.map(({ kind, label, run = '', state }) => JSON.stringify([kind, label.replace(run, ''), state]));
  return JSON.stringify([found, left.sort()], (key, value: unknown) =>
    ['run', 'pid', 'at', 'checkpoint'].includes(key) ? typeof value : value,
  );
}
