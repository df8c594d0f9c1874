import { expect, test } from 'vitest';
import { copyExample } from './folder.ts';
import { masked, runReadme } from './readme.ts';

test('the depot is served as its README shows', { timeout: 300_000 }, async () => {
  const { readme, folder } = await copyExample('trailbase');
  const { shown, printed } = await runReadme(readme, folder);
  expect(shown.length).toBeGreaterThan(9);
  expect(masked(printed, folder)).toEqual(masked(shown, folder));
});
