import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { expectWhole, type Expected } from './expect-whole.ts';
import { runVictim, undisturbed } from './kills.ts';
import { until } from './postgres-shop.ts';
import { postgresWorlds } from './postgres-world.ts';
import type { Scenario } from './scenario.ts';
import { postgresScenarios, slowly } from './scenarios/postgres.ts';
import { threeAtOnce } from './three-at-once.ts';
import { expectLegal, inJournal, legalStates, type NewWorld, type World } from './world.ts';

const concurrently = postgresScenarios.find(({ name }) => name === 'postgres-concurrently')!;

/** How a first run dies in the middle of a migration, and the steps by which the next one recovers from that. */
interface Beginning {
  readonly name: string;
  readonly scenario: Scenario;
  die(world: World): Promise<void>;
  readonly recovery: readonly number[];
}

/** Of all pairs of steps, which take minutes, a part that differs from one version to the other. */
const parts = { 15: 1, 18: 4 } as const;
const every = 9;

describe.each([15, 18] as const)('on PostgreSQL %i, a deployer killed while it recovers', (version) => {
  let server: PostgresServer;
  let newWorld: NewWorld;
  beforeAll(async () => {
    server = await startPostgres({ version });
    newWorld = await postgresWorlds(server);
  });
  afterAll(() => server?.stop());

  const expectedOf = async (scenario: Scenario): Promise<Expected> => ({
    newWorld,
    states: await legalStates(newWorld, scenario),
    finished: new Set(),
  });

  /** Kills one at each of these, and its successor at its own steps; the third finishes by itself. */
  const killTwice = async (beginnings: readonly Beginning[], expected: Expected): Promise<number> => {
    const pairs = beginnings.flatMap((beginning) => beginning.recovery.map((step) => [beginning, step] as const));
    const mine = pairs.filter((_, at) => at % every === parts[version]);
    await threeAtOnce(mine, async ([{ name, scenario, die }, step]) => {
      await using world = await newWorld(scenario);
      await die(world);
      const at = `${name}, then killed at step ${step} of recovery`;
      expect(await runVictim(world, step), at).toBe('killed');
      await expectWhole(world, expected, at);
    });
    return mine.length;
  };

  test('from one that was killed between two parts leaves what the third finishes', { timeout: 300_000 }, async () => {
    const expected = await expectedOf(concurrently);
    const { turns, promoting } = await undisturbed(concurrently, expected);
    const after = turns.filter((step) => step > promoting).filter((_, at) => at % every === parts[version]);
    const inMiddle: Beginning[] = [];
    await threeAtOnce(after, async (step) => {
      await using world = await newWorld(concurrently);
      const die = async (its: World): Promise<void> => expect(await runVictim(its, step)).toBe('killed');
      await die(world);
      const { entry } = await expectLegal(world, expected.states, `killed at step ${step}`);
      if (inJournal(entry) === '') return;
      const name = `killed at step ${step} (${inJournal(entry)})`;
      inMiddle.push({ name, scenario: concurrently, die, recovery: await recoveryIn(world) });
    });
    expect(inMiddle.length).toBeGreaterThan(1);
    const kills = await killTwice(inMiddle, expected);
    expect(kills).toBeGreaterThan(2);
    console.log(`${version}: ${inMiddle.length} beginnings, ${kills} kills of recovery`);
  });

  test('from one whose index is being built leaves what the third finishes', { timeout: 300_000 }, async () => {
    const expected = await expectedOf(slowly);
    const die = async (world: World): Promise<void> => {
      const killer = new AbortController();
      const running = runVictim(world, 0, killer.signal);
      const name = new URL(world.database).pathname.slice(1);
      await until(() =>
        server.query(
          `SELECT FROM pg_stat_activity WHERE datname = '${name}' AND state = 'active' AND query LIKE 'CREATE INDEX CONCURRENTLY%'`,
        ),
      );
      killer.abort();
      expect(await running).toBe('killed');
    };
    await using world = await newWorld(slowly);
    await die(world);
    const beginning = { name: 'killed while the index is built', scenario: slowly, die };
    const kills = await killTwice([{ ...beginning, recovery: await recoveryIn(world) }], expected);
    expect(kills).toBeGreaterThan(0);
    console.log(`${version}: ${kills} kills of recovery while an index is built`);
  });
});

/** The steps of the next run until it has recovered, of those that differ in what is left behind. */
async function recoveryIn(world: World): Promise<readonly number[]> {
  const ended = await runVictim(world, 0);
  if (ended === 'killed') throw new Error('Nobody was to kill it.');
  expect(ended).toMatchObject({ outcome: expect.stringMatching(/^(?:promoted|nothing-pending)$/) });
  return ended.turns.filter((step) => step <= ended.recovered);
}
