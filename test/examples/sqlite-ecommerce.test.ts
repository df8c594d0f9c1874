import { cp, mkdtemp, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { masked, runReadme } from './readme.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('the shop does what its README shows', { timeout: 300_000 }, async () => {
  const base = await realpath(await mkdtemp(join(tmpdir(), 'forerun-example-')));
  onTestFinished(() => rm(base, { recursive: true, force: true }));
  const shop = join(base, 'shop');
  await cp(join(root, 'examples', 'sqlite-ecommerce'), shop, {
    recursive: true,
    filter: (source) => !source.includes('shop.db') && !source.includes('.forerun'),
  });
  await symlink(join(root, 'node_modules'), join(base, 'node_modules'));
  const { shown, printed } = await runReadme(join(root, 'examples', 'sqlite-ecommerce', 'README.md'), shop);
  expect(shown.length).toBeGreaterThan(15);
  expect(masked(printed, shop)).toEqual(masked(shown, shop));
});
