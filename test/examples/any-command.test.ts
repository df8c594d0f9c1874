import { expect, test } from 'vitest';
import { copyExample } from './folder.ts';
import { masked, runReadme } from './readme.ts';

test('a tool of any kind does what its README shows', { timeout: 300_000 }, async () => {
  const { readme, folder } = await copyExample('any-command');
  const { shown, printed } = await runReadme(readme, folder);
  expect(shown.length).toBeGreaterThan(8);
  expect(masked(printed, folder)).toEqual(masked(shown, folder));
});
