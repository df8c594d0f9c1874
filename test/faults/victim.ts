// Runs `up --safe` and is killed by SIGKILL at its n-th step; prints the number of steps where it lives.
import { up } from '../../src/run.ts';
import { withSteps } from '../support/fault.ts';
import { scenarioSetup, type Scenario } from './scenarios.ts';

const { root, scenario, step } = JSON.parse(process.argv[2] ?? '') as {
  root: string;
  scenario: Scenario;
  step: number;
};
let steps = 0;
const atStep = (): void => {
  steps += 1;
  if (steps === step) process.kill(process.pid, 'SIGKILL');
};
const setup = withSteps(await scenarioSetup(root, scenario), atStep);
const result = await up(setup, { safe: true, onEvent: atStep });
console.log(JSON.stringify({ steps, outcome: result.outcome, error: result.error }));
