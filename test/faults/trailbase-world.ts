import { rm } from 'node:fs/promises';
import { expect } from 'vitest';
import { newDepot } from '../adapters/fixtures/trailbase/depot.ts';
import { ownInMain, startTrail } from '../adapters/fixtures/trailbase/trail.ts';
import type { Scenario } from './scenario.ts';
import type { World } from './world.ts';

/** A depot of its own. Whatever happened in it, TrailBase finds nothing to do in the end. */
export async function newTrailbaseWorld(scenario: Scenario): Promise<World> {
  const depot = await newDepot();
  for (const [name, text] of Object.entries(scenario.files)) await depot.migration(name, text);
  const place = { root: depot.root, database: depot.path };
  return {
    ...place,
    scenario,
    setup: await scenario.setup(place),
    write: async (sql) => depot.write(sql),
    async [Symbol.asyncDispose]() {
      expect(startTrail(depot, ownInMain)).toEqual({ runs: [], passesOver: [] });
      await rm(depot.root, { recursive: true, force: true });
    },
  };
}
