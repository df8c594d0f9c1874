// Runs `up --safe` and is killed by SIGKILL at its n-th step; prints the steps that it took where it lives.
import { up } from '../../src/run.ts';
import { turns, withSteps } from '../support/fault.ts';
import type { Place, Scenario } from './scenario.ts';

const { scenario: name, place, step } = JSON.parse(process.argv[2] ?? '') as Order;

/** What a victim is told. */
export interface Order {
  readonly scenario: string;
  readonly place: Place;
  /** 0: it lives. */
  readonly step: number;
}

/** What it says in the end. */
export interface Ended {
  readonly steps: number;
  /** The one at which the first migration is to be run. */
  readonly rehearsing: number;
  /** The last one of recovering what a run before it left. */
  readonly recovered: number;
  /** The one at which the first migration is to be promoted. */
  readonly promoting: number;
  /** Those of them before which it heard of something from outside: from the others, only its own turn told it apart. */
  readonly turns: readonly number[];
  readonly outcome: string;
  readonly error?: unknown;
}

const scenario = (await scenariosLike(name)).find((each) => each.name === name);
if (scenario === undefined) throw new Error(`There is no scenario ${name}`);
const counted = turns();
const atStep = (): void => {
  counted.atStep();
  if (counted.steps() === step) process.kill(process.pid, 'SIGKILL');
};
let [rehearsing, recovered, promoting] = [0, 0, 0];
const setup = withSteps(await scenario.setup(place, atStep), atStep);
const { outcome, error } = await up(setup, {
  safe: true,
  onEvent(event) {
    atStep();
    if (event.type === 'phase:started' && event.phase === 'rehearse') rehearsing ||= counted.steps();
    if (event.type === 'phase:finished' && event.phase === 'recover') recovered ||= counted.steps();
    if (event.type === 'promoting') promoting ||= counted.steps();
  },
});
const ended: Ended = {
  steps: counted.steps(),
  rehearsing,
  recovered,
  promoting,
  turns: counted.first(),
  outcome,
  error,
};
console.log(JSON.stringify(ended));

async function scenariosLike(like: string): Promise<readonly Scenario[]> {
  if (like.startsWith('knex-')) return (await import('./scenarios/knex.ts')).knexScenarios;
  if (like.includes('prisma')) return (await import('./scenarios/prisma.ts')).prismaScenarios;
  if (like.startsWith('trailbase')) return (await import('./scenarios/trailbase.ts')).trailbaseScenarios;
  if (like.startsWith('vers-files-')) return (await import('./scenarios/vers-files.ts')).versFilesScenarios;
  if (like.startsWith('vers-')) return (await import('./scenarios/vers.ts')).versScenarios;
  if (like.startsWith('postgres-')) {
    const { postgresScenarios, slowly } = await import('./scenarios/postgres.ts');
    return [...postgresScenarios, slowly];
  }
  return (await import('./scenarios/sqlite.ts')).sqliteScenarios;
}
