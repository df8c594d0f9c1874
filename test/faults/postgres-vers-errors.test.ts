import { errorsOnVm } from './on-a-vm.ts';
import { versScenarios } from './scenarios/vers.ts';
import { versWorlds } from './vers-world.ts';

errorsOnVm({ worlds: () => versWorlds('v0.10.0'), scenarios: versScenarios, tried: 8 });
