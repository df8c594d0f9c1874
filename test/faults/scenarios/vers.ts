import { resolveConfig } from '../../../src/config.ts';
import { vers } from '../../../src/providers/vers.ts';
import type { Setup } from '../../../src/setup.ts';
import type { Place, Scenario } from '../scenario.ts';
import { postgresScenarios } from './postgres.ts';

/** Migrations in plain SQL on main's VM, which the environment names: two that are replayed, and one that is journalled. */
export const versScenarios: readonly Scenario[] = postgresScenarios
  .filter(({ name }) => name === 'postgres-sql' || name === 'postgres-concurrently')
  .map((scenario) => ({ ...scenario, name: scenario.name.replace('postgres', 'vers'), setup: inVm }));

export function inVm({ root, database }: Place): Promise<Setup> {
  const { FORERUN_VERS_VM: vm = '', FORERUN_VERS_CLI: cli = '' } = process.env;
  return resolveConfig({ database, root, provider: vers({ vm, cli }), lockWaitSeconds: 20 });
}
