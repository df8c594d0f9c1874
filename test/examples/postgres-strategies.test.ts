import { expect, test } from 'vitest';
import { startPostgres } from '../support/postgres.ts';
import { copyExample } from './folder.ts';
import { masked, runReadme } from './readme.ts';

test('the strategies are what their README says', { timeout: 300_000 }, async () => {
  await using server = await startPostgres({ version: 15 });
  const { readme, folder } = await copyExample('postgres-strategies');
  const { shown, printed } = await runReadme(readme, folder, { DATABASE_URL: await server.createDatabase('shop') });
  expect(shown).toHaveLength(5);
  expect(masked(printed, folder)).toEqual(masked(shown, folder));
});
