import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { postgresProject } from '../adapters/fixtures/command/project.ts';
import { onPostgres } from '../adapters/fixtures/command/tools.ts';
import { killedAfter, places } from './command-kills.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server?.stop());

const [dbmate] = onPostgres;
const onMain = places.filter((place) => place.startsWith('Appl'));

test.each([...places.map((place) => [place, 1] as const), ...onMain.map((place) => [place, 2] as const)])(
  'a run of a command on PostgreSQL that is killed after "%s" (for the %dth time) is finished by the next',
  async (said, times) => {
    const project = await postgresProject(server, dbmate?.files);
    const words = dbmate?.words ?? [];
    await killedAfter(said, project, words, times);
    const result = await project.up(words);
    expect(result.error).toBeUndefined();
    expect(['promoted', 'nothing-pending']).toContain(result.outcome);
    expect(await project.read('SELECT version FROM schema_migrations ORDER BY 1')).toEqual([
      '20260101000000',
      '20260102000000',
    ]);
    expect(
      await project.read("SELECT attname FROM pg_attribute WHERE attrelid = 'notes'::regclass AND attnum > 0"),
    ).toEqual(['id', 'text', 'title']);
    expect(await project.read('SELECT count(*)::int FROM users')).toEqual([2]);
    const [entry] = await project.read('SELECT entry FROM _forerun_journal');
    expect(JSON.parse(String(entry))).toMatchObject({ phase: 'finished' });
    const left = `SELECT datname FROM pg_database WHERE datname LIKE 'forerun%' AND shobj_description(oid, 'pg_database') LIKE '%branch%'`;
    expect(await project.read(left)).toEqual([]);
  },
);
