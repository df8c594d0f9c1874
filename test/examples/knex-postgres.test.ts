import { expect, test } from 'vitest';
import { startPostgres } from '../support/postgres.ts';
import { copyExample } from './folder.ts';
import { masked, runReadme, type Shown } from './readme.ts';

test('the project does what its README shows', { timeout: 300_000 }, async () => {
  await using server = await startPostgres({ version: 15 });
  const { readme, folder } = await copyExample('knex-postgres');
  const env = { DATABASE_URL: await server.createDatabase('shop'), NODE_ENV: '', FORCE_COLOR: '0' };
  const { shown, printed } = await runReadme(readme, folder, env);
  expect(shown).toHaveLength(11);
  expect(withoutLocks(masked(printed, folder))).toEqual(withoutLocks(masked(shown, folder)));
});

/** On a machine that is busy a lock that is held for a moment goes unseen, and a note says so. */
function withoutLocks(shown: readonly Shown[]): readonly Shown[] {
  return shown.map(({ command, output }) => ({
    command,
    output: output
      .replace(/Locks, measured on the branch\n(?: .*\n)+\n/, '')
      .replace(/ \S+ \[rehearsal\]\n For <time> nobody looked.*\n/g, '')
      .replace(/Notes\n\n/, ''),
  }));
}
