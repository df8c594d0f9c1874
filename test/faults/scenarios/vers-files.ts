import type { Scenario } from '../scenario.ts';
import { sqliteScenarios } from './sqlite.ts';
import { inVm } from './vers.ts';

/** Migrations in plain SQL, which alone reaches a file in a VM, on main's VM, which the environment names. */
export const versFilesScenarios: readonly Scenario[] = sqliteScenarios
  .filter(({ name }) => name === 'sql')
  .map((scenario) => ({ ...scenario, name: 'vers-files-sql', setup: inVm }));
