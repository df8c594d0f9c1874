import { Client } from 'pg';
import { expect, test } from 'vitest';
import { up } from '../../src/index.ts';
import { dump } from '../../src/providers/dump.ts';
import { startPostgres } from '../support/postgres.ts';
import { postgresProject } from './fixtures/postgres-project.ts';

test('the report of a run says who kept the promotion waiting', { timeout: 60_000 }, async () => {
  await using server = await startPostgres({ version: 15 });
  await using project = await postgresProject(server, 'CREATE TABLE notes (id integer); INSERT INTO notes VALUES (1)');
  await project.migration('001_body.sql', '-- It ends nothing.\nCOMMIT;\nALTER TABLE notes ADD COLUMN body text');
  const shop = new Client({ connectionString: project.url, application_name: 'the shop' });
  await shop.connect();
  await shop.query('BEGIN; UPDATE notes SET id = 4711');
  const told: string[] = [];
  const result = await up(project.config({ provider: dump() }), {
    safe: true,
    onEvent(event) {
      if (event.type !== 'told') return;
      told.push(event.message);
      if (/begun again/.test(event.message)) void shop.query('COMMIT');
    },
  });
  await shop.end();
  expect(result.outcome).toBe('promoted');
  const who =
    /A lock could not be had in time: notes is held by pid \d+ "the shop" of postgres, idle after BEGIN; UPDATE notes SET id = \$1, since [\d.]+ s/;
  expect(told.filter((message) => /begun again/.test(message))).toEqual([expect.stringMatching(who)]);
  expect(result.findings.filter(({ gate }) => gate === 'promotion')).toEqual([
    { gate: 'promotion', severity: 'note', migration: '001_body', message: expect.stringMatching(who) as string },
  ]);
  expect(JSON.stringify(result)).not.toContain('4711');
  expect(await project.run('SELECT body FROM notes')).toEqual([{ body: null }]);
});
