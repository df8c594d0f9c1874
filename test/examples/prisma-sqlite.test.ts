import { expect, test } from 'vitest';
import { prismaEngine } from '../adapters/fixtures/prisma/engine.ts';
import { copyExample } from './folder.ts';
import { masked, runReadme } from './readme.ts';

test('the shop of Prisma is served as its README shows, and Prisma agrees', { timeout: 300_000 }, async () => {
  const { readme, folder } = await copyExample('prisma-sqlite');
  const { shown, printed } = await runReadme(readme, folder);
  expect(shown.length).toBeGreaterThan(7);
  expect(masked(printed, folder)).toEqual(masked(shown, folder));
  const engine = prismaEngine(`${folder}/prisma/shop.db`, `${folder}/prisma/migrations`);
  expect(await engine.diagnose()).toMatchObject({ failedMigrationNames: [], history: null });
});
