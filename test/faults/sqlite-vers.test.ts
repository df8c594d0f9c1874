import { errorsOnVm, killsOnVm } from './on-a-vm.ts';
import { versFilesScenarios as scenarios } from './scenarios/vers-files.ts';
import { versFilesWorlds } from './vers-world.ts';

errorsOnVm({ worlds: () => versFilesWorlds('v0.10.0'), scenarios, tried: 5 });
killsOnVm({ worlds: () => versFilesWorlds('newest'), scenarios, tried: 5 });
