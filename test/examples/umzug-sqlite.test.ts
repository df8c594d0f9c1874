import { once } from 'node:events';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { copyExample } from './folder.ts';
import { masked, runReadme } from './readme.ts';

test('the application does what its README shows', { timeout: 300_000 }, async () => {
  const { readme, folder } = await copyExample('umzug-sqlite');
  const { shown, printed } = await runReadme(readme, folder);
  expect(shown.length).toBeGreaterThan(6);
  expect(masked(printed, folder)).toEqual(masked(shown, folder));
});

test(
  'instances that start at the same time all listen, on a database that was migrated once',
  { timeout: 120_000 },
  async () => {
    const { folder } = await copyExample('umzug-sqlite');
    await execa('node', ['seed.js'], { cwd: folder });
    const instances = [1, 2, 3].map(() =>
      execa('node', ['server.js'], { cwd: folder, env: { PORT: '0' }, reject: false, buffer: false }),
    );
    onTestFinished(() => instances.forEach((instance) => instance.kill('SIGKILL')));
    const said = await Promise.all(
      instances.map(async (instance) => {
        let text = '';
        instance.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
        while (!text.includes('Listening.')) await once(instance.stdout, 'data');
        return text;
      }),
    );
    expect(said.filter((text) => text.includes('Migrations: promoted.'))).toHaveLength(1);
    expect(said.filter((text) => text.includes('Migrations: nothing-pending.'))).toHaveLength(2);
  },
);
