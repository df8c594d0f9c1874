import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { knex } from '../../../adapters/knex.ts';
import { resolveConfig } from '../../../src/config.ts';
import { loadPostgres } from '../../../src/drivers/postgres.ts';
import { sqlite } from '../../../src/drivers/sqlite.ts';
import { copy } from '../../../src/providers/copy.ts';
import { template } from '../../../src/providers/template.ts';
import type { Setup } from '../../../src/setup.ts';
import { withSteps, type AtStep } from '../../support/fault.ts';
import type { Place, Scenario } from '../scenario.ts';

const files = {
  '001_first.cjs': `
exports.up = async (knex) => {
  await knex.schema.createTable('first', (table) => { table.increments(); table.string('x'); });
  await knex('first').insert([{ x: '1' }, { x: '2' }]);
};
exports.down = (knex) => knex.schema.dropTable('first');
`,
  '002_second.cjs': `
exports.up = async (knex) => {
  await knex.schema.alterTable('first', (table) => table.string('y'));
  await knex('first').update({ y: 'y' });
};
exports.down = (knex) => knex.schema.alterTable('first', (table) => table.dropColumn('y'));
`,
};

/** Each has two migrations of Knex, and the second needs the first. */
export const knexScenarios: readonly [sqlite: Scenario, postgres: Scenario] = [
  {
    name: 'knex-sqlite',
    files,
    setup: (place, atStep) => setUp(place, atStep, { client: 'better-sqlite3', connection: { filename: './app.db' } }),
  },
  {
    name: 'knex-postgres',
    files,
    setup: (place, atStep) => setUp(place, atStep, { client: 'pg', connection: place.database }),
  },
];

async function setUp({ root, database }: Place, atStep: AtStep | undefined, connection: object): Promise<Setup> {
  const config = { ...connection, useNullAsDefault: true };
  await writeFile(join(root, 'knexfile.cjs'), `module.exports = ${JSON.stringify(config)};`);
  const isServer = database.startsWith('postgres:');
  const provider = isServer ? template() : copy();
  const driver = isServer ? await loadPostgres({ root }) : sqlite();
  const given = { driver, provider } as Setup;
  // The source works by it, and what the source does is a step, too.
  const announced = atStep === undefined ? given : withSteps(given, atStep);
  return resolveConfig({ database, root, source: knex(), driver: announced.driver, provider, lockWaitSeconds: 20 });
}
