import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { leftBehind, newPostgresProject } from '../support/postgres/project.ts';
import { isUntouched, ownedBy, projectForNotes, startWithRoles } from './fixtures/postgres-owned.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startWithRoles();
});
afterAll(() => server?.stop());

const verbs = [['status'], ['doctor'], ['gate'], ['up', '--safe']] as const;

describe(
  'what keeps a role from main is said by every verb, shows no password and leaves nothing',
  { timeout: 120_000 },
  () => {
    beforeAll(async () => {
      await ownedBy(server, 'plain', 'shop');
      await server.query('CREATE DATABASE closed');
      await server.query('REVOKE CONNECT ON DATABASE closed FROM PUBLIC');
    });

    test.each([
      [
        'a wrong password',
        'guarded:S3cret@',
        'shop',
        [2, 1, 2, 2],
        /password authentication failed.*Check user and password/s,
      ],
      ['no password', 'guarded@', 'shop', [2, 1, 2, 2], /asks for a password, and none was given.*PGPASSWORD/s],
      ['no line in pg_hba.conf', 'banned@', 'shop', [2, 1, 2, 2], /pg_hba\.conf/],
      ['no such role', 'nobody@', 'shop', [2, 1, 2, 2], /role "nobody" does not exist/],
      ['no such database', 'postgres@', 'nowhere', [2, 1, 2, 2], /database "nowhere" does not exist.*createdb/s],
      ['revoked CONNECT', 'visitor@', 'closed', [2, 1, 2, 2], /permission denied for database "closed".*CONNECT/s],
      [
        'no right to make tables',
        'visitor@',
        'shop',
        [0, 1, 1, 2],
        /visitor may not make tables in the schema public|may not create databases|pending/,
      ],
      [
        'no CREATEDB and no REPLICATION',
        'plain@',
        'shop',
        [0, 1, 1, 1],
        /template: the role plain may not create databases.*dump: .*CREATEDB.*clone: .*plain may not copy a cluster|pending/s,
      ],
    ])('%s', async (_what, user, database, exitCodes, words) => {
      const project = await projectForNotes();
      const address = server.url(database).replace('postgres@', user);
      for (const [at, verb] of verbs.entries()) {
        const { exitCode, stdout, stderr } = await project.forerun(address, verb);
        expect(stdout + stderr, verb[0]).toMatch(words);
        expect(stdout + stderr + (await project.kept()), verb[0]).not.toContain('S3cret');
        expect(exitCode, verb[0]).toBe(exitCodes[at]);
      }
      expect(await leftBehind(server, project)).toEqual([]);
      expect(await isUntouched(server, 'shop')).toBe(true);
      const own = "SELECT relname FROM pg_class WHERE relname IN ('_forerun_journal', '_schema_history')";
      expect(await server.query(own, 'shop')).toEqual([]);
    });
  },
);

test('a right that a named provider lacks is said before anything of ours is on main', async () => {
  const project = await projectForNotes();
  const address = server.url('shop').replace('postgres@', 'plain@');
  for (const provider of ['template', 'dump', 'clone']) {
    const { exitCode, stderr } = await project.forerun(address, ['up', '--safe', '--provider', provider]);
    expect(stderr).toMatch(/CREATEDB|may not copy a cluster/);
    expect(exitCode).toBe(1);
  }
  const own = "SELECT relname FROM pg_class WHERE relname IN ('_forerun_journal', '_schema_history')";
  expect(await server.query(own, 'shop')).toEqual([]);
});

test(
  'missing programs, and those of another version, are said before anything is begun',
  { timeout: 120_000 },
  async () => {
    const project = await projectForNotes();
    const address = await ownedBy(server, 'maker', 'programless');
    await project.config(
      (dist) => `import { dump } from '${dist}/providers/dump.js'; import { clone } from '${dist}/providers/clone.js';
    const bin = '${project.temporary}';
    export default { provider: process.env.WAY === 'clone' ? clone({ bin }) : dump({ bin }) };`,
    );
    for (const [way, program] of [
      ['dump', 'pg_dump'],
      ['clone', 'pg_basebackup'],
    ] as const) {
      const superuser = address.replace('maker@', 'postgres@');
      for (const verb of verbs.slice(1)) {
        const { exitCode, stdout, stderr } = await project.forerun(superuser, verb, { WAY: way });
        expect(stdout + stderr).toMatch(
          new RegExp(`PostgreSQL 15, which needs its ${program}, and there is none.*postgresql-client-15`, 's'),
        );
        expect(exitCode).toBe(1);
      }
    }
    await using newer = await startPostgres({ version: 18 });
    const elsewhere = await newer.createDatabase('shop');
    const other = await newPostgresProject();
    await other.migration('001_a.sql', 'CREATE TABLE a (id integer)');
    const answer = await other.forerun(elsewhere, ['gate', '--provider', 'dump']);
    expect(answer.stderr).toMatch(/PostgreSQL 18, which needs its pg_dump, and .* is of version 15/);
    expect(answer.exitCode).toBe(1);
    expect(await leftBehind(newer, other)).toEqual([]);
  },
);
