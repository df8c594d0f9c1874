import { expect, test } from 'vitest';
import { startPostgres } from '../support/postgres.ts';
import { copyExample } from './folder.ts';
import { masked, runReadme } from './readme.ts';

test('the project does what its README shows', { timeout: 300_000 }, async () => {
  await using server = await startPostgres({ version: 15 });
  const { readme, folder } = await copyExample('knex-postgres');
  const env = { DATABASE_URL: await server.createDatabase('shop'), NODE_ENV: '', FORCE_COLOR: '0' };
  const { shown, printed } = await runReadme(readme, folder, env);
  expect(shown).toHaveLength(11);
  expect(masked(printed, folder)).toEqual(masked(shown, folder));
});
