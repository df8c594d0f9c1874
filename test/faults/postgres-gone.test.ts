import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { auto } from '../../src/providers/auto.ts';
import type { Provider } from '../../src/seams/provider.ts';
import { template } from '../../src/providers/template.ts';
import { up } from '../../src/run.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { turns, withSteps, type AtStep } from '../support/fault.ts';
import { postgresWorlds } from './postgres-world.ts';
import { postgresScenarios } from './scenarios/postgres.ts';
import { expectLegal, legalStates, see, type Legal, type NewWorld } from './world.ts';

const scenario = postgresScenarios.find(({ name }) => name === 'postgres-sql')!;

/** As pg_ctl asks for it: sessions are told why, or end without a word; or the first process dies, and the rest after it. */
const ways = { fast: 'SIGINT', immediate: 'SIGQUIT', killed: 'SIGKILL' } as const;

/** So that a server that is stopped keeps what it has committed. */
const settings = { synchronous_commit: 'on' };

describe.each([
  [15, 'fast', 'template'],
  [15, 'immediate', 'auto'],
  [18, 'killed', 'template'],
] as const)('on PostgreSQL %i, a server that is stopped (%s) while copies are made by %s', (version, how, way) => {
  let server: PostgresServer;
  let newWorld: NewWorld;
  let states: readonly Legal[];
  beforeAll(async () => {
    server = await startPostgres({ version, settings });
    newWorld = await postgresWorlds(server);
    states = await legalStates(newWorld, scenario);
  });
  afterAll(() => server?.stop());

  const provider = (): Provider => (way === 'auto' ? auto() : template());

  /** Answers the steps at which something could be heard of the server. */
  const undisturbed = async (): Promise<readonly number[]> => {
    await using world = await newWorld(scenario);
    const counted = turns();
    const setup = withSteps({ ...world.setup, provider: provider() }, counted.atStep);
    expect(await up(setup, { safe: true })).toMatchObject({ outcome: 'promoted' });
    return counted.first();
  };

  test(
    'is what the run says has failed, at whatever step, and the next run finishes',
    { timeout: 300_000 },
    async () => {
      const steps = await undisturbed();
      const every = steps.filter((_, at) => at % 16 === 5 * Object.keys(ways).indexOf(how));
      for (const step of every) {
        await using world = await newWorld(scenario);
        const setup = { ...world.setup, provider: provider() };
        let at = '';
        const result = await up(
          withSteps(
            setup,
            stopping(server, how, step, (name) => (at = name)),
          ),
          { safe: true },
        );
        await server.restart();
        const said = `stopped at step ${step} (${at}): ${JSON.stringify(result)}`;
        await expectLegal(world, states, said);
        if (result.error === undefined) {
          // All was promoted; what it could not clean up it says.
          expect(result.outcome, said).toBe('promoted');
          continue;
        }
        expect(result.exitCode, said).toBe(result.outcome === 'partly-promoted' ? 3 : 1);
        expect(result.error.code, said).toMatch(/^(?:UNREACHABLE|PROVIDER_FAILED)$/);
        expect(result.error.next, said).toMatch(/server/);
        const next = await up(setup, { safe: true });
        expect(next.outcome, `${said}, then ${JSON.stringify(next)}`).toMatch(/^(?:promoted|nothing-pending)$/);
        expect((await see(setup)).history, said).toEqual(['001_first', '002_second']);
      }
    },
  );
});

/** Ends the server at a step, and waits until it has ended, or, where it dies at once, for as long as that takes. */
function stopping(server: PostgresServer, how: keyof typeof ways, step: number, reached: AtStep): AtStep {
  const file = join(server.dataFolder, 'postmaster.pid');
  let steps = 0;
  return (name) => {
    steps += 1;
    if (steps !== step) return;
    reached(name);
    process.kill(Number(readFileSync(file, 'utf8').split('\n')[0]), ways[how]);
    const tries = how === 'killed' ? 5 : 1000;
    for (let tried = 0; tried < tries && existsSync(file); tried += 1)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
  };
}
