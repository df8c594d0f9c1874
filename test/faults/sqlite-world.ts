import { rm } from 'node:fs/promises';
import { newProject } from '../support/project.ts';
import type { Scenario } from './scenario.ts';
import type { World } from './world.ts';

export async function newSqliteWorld(scenario: Scenario): Promise<World> {
  const project = await newProject({ journalMode: scenario.name === 'code-shared' ? 'wal' : 'delete' });
  for (const [name, text] of Object.entries(scenario.files)) await project.migration(name, text);
  const place = { root: project.root, database: 'app.db' };
  return {
    ...place,
    scenario,
    setup: await scenario.setup(place),
    write: async (sql) => project.write(sql),
    [Symbol.asyncDispose]: () => rm(project.root, { recursive: true, force: true }),
  };
}
