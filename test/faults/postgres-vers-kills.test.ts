import { killsOnVm } from './on-a-vm.ts';
import { versScenarios } from './scenarios/vers.ts';
import { versWorlds } from './vers-world.ts';

killsOnVm({ worlds: () => versWorlds('newest'), scenarios: versScenarios, tried: 8 });
