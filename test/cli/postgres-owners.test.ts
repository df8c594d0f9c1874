import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PostgresServer } from '../support/postgres.ts';
import { leftBehind, newPostgresProject, type PostgresProject } from '../support/postgres/project.ts';
import { forgetCheckpoints, isUntouched, ownedBy, projectForNotes, startWithRoles } from './fixtures/postgres-owned.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startWithRoles();
});
afterAll(() => server?.stop());

describe('a role that owns main and is no superuser', { timeout: 120_000 }, () => {
  const promotions = ['replay', 'journalled'];

  test('and may make databases has them copied with whatever is in them while nobody is connected', async () => {
    const address = await ownedBy(server, 'maker', 'quiet', ['pg_stat_statements', 'pgcrypto']);
    const project = await projectForNotes();
    const result = await project.json(address, ['up', '--safe']);
    expect(result.error).toBeUndefined();
    expect(result.migrations.map(({ promotion }) => promotion)).toEqual(promotions);
    const checkpoint = result.migrations[0]?.checkpoint ?? '';
    const back = await project.forerun(address, ['rollback', checkpoint, '--yes']);
    expect(back.exitCode, back.stderr).toBe(0);
    expect(await isUntouched(server, 'quiet')).toBe(true);
    const owners = `SELECT pg_get_userbyid(datdba) AS database, (SELECT tableowner FROM pg_tables WHERE tablename = 'others') AS others
      FROM pg_database WHERE datname = current_database()`;
    expect(await server.query(owners, 'quiet')).toEqual([{ database: 'maker', others: 'other' }]);
    await forgetCheckpoints(server);
  });

  test('is told all at once what pg_dump and pg_restore would stumble over, and it works once that is granted', async () => {
    const address = await ownedBy(server, 'maker', 'busy', ['pg_stat_statements', 'hstore']);
    const project = await projectForNotes();
    for (const verb of [['doctor'], ['gate'], ['up', '--safe']] as const) {
      const { exitCode, stdout, stderr } = await project.forerun(address, [...verb, '--provider', 'dump']);
      expect(exitCode).toBe(1);
      expect(stdout + stderr).toMatch(
        /maker cannot copy this database by pg_dump: it may not read public\.others; objects belong to other, .*; only a superuser can make the extension pg_stat_statements\./,
      );
      expect(stdout + stderr).toMatch(/GRANT pg_read_all_data TO maker; Name an address of a superuser .*branchServer/);
    }
    await server.query('GRANT other TO maker; GRANT pg_read_all_data TO maker');
    // An owner has to own the schema as well: rights on it are restored last.
    await server.query(
      'DROP EXTENSION pg_stat_statements; CREATE SCHEMA app AUTHORIZATION other; ALTER TABLE others SET SCHEMA app',
      'busy',
    );
    const result = await project.json(address, ['up', '--safe', '--provider', 'dump']);
    expect(result.error).toBeUndefined();
    expect(result.migrations.map(({ promotion }) => promotion)).toEqual(promotions);
    await server.query('REVOKE other FROM maker; REVOKE pg_read_all_data FROM maker');
    await forgetCheckpoints(server);
  });

  test("and may not make databases has them copied by another role's address, which its programs are not told", async () => {
    const address = await ownedBy(server, 'plain', 'poor', ['pg_stat_statements']);
    await server.query('GRANT SELECT ON others TO plain', 'poor');
    const project = await projectForNotes();
    const programs = await recordedPrograms(project);
    const admin = `postgres://guarded:S3cret%2Fpw@127.0.0.1:${server.port}/postgres`;
    await project.config(
      (dist) => `import { dump } from '${dist}/providers/dump.js';
      export default { provider: dump({ branchServer: process.env.ADMIN_URL, bin: '${programs.bin}' }) };`,
    );
    const result = await project.json(address, ['up', '--safe'], { ADMIN_URL: admin });
    expect(result.error).toBeUndefined();
    expect(result.migrations.map(({ promotion }) => promotion)).toEqual(promotions);
    const arguments_ = await programs.told();
    expect(arguments_).toMatch(/pg_dump .*plain@.*\n.*pg_restore .*guarded@/s);
    expect(arguments_ + JSON.stringify(result) + (await project.kept())).not.toContain('S3cret');
    const journal = await server.query('SELECT entry::text FROM _forerun_journal', 'poor');
    expect(JSON.stringify(journal)).not.toContain('S3cret');
    await forgetCheckpoints(server);
  });

  test('and may replicate has the cluster cloned, in the default folder', async () => {
    const address = await ownedBy(server, 'copier', 'large');
    const project = await projectForNotes();
    // Servers run as another user where this one is root, who must get at the folder.
    await chmod(join(project.root, '..'), 0o711);
    const result = await project.json(address, ['up', '--safe']);
    expect(result.error).toBeUndefined();
    expect(result.provider).toBe('auto');
    expect(result.migrations.map(({ promotion }) => promotion)).toEqual(promotions);
    for (const checkpoint of new Set(result.migrations.map(({ checkpoint }) => checkpoint ?? '')))
      expect((await project.forerun(address, ['discard', checkpoint])).exitCode).toBe(0);
    expect(await leftBehind(server, project)).toEqual([]);
  });

  test('whose rows are hidden by row security from itself cannot have them judged, which blocks and can be permitted', async () => {
    const address = await ownedBy(server, 'maker', 'hidden');
    await server.query(
      `ALTER TABLE notes ENABLE ROW LEVEL SECURITY; ALTER TABLE notes FORCE ROW LEVEL SECURITY;
       CREATE POLICY few ON notes USING (id < 10)`,
      'hidden',
    );
    const project = await newPostgresProject();
    await project.migration('001_lossy.sql', 'DELETE FROM notes WHERE id > 5;');
    const blocked = await project.json(address, ['gate']);
    expect(blocked).toMatchObject({ outcome: 'blocked', exitCode: 3 });
    expect(blocked.findings.map(({ message }) => message).join()).toMatch(
      /What became of the rows of public\.notes is not known, because row security hides rows from the role maker\./,
    );
    await project.migration(
      '001_lossy.sql',
      '-- forerun: allow rows-lost public.notes\nDELETE FROM notes WHERE id > 5;',
    );
    expect(await project.json(address, ['up', '--safe'])).toMatchObject({ outcome: 'promoted' });
    await forgetCheckpoints(server);
  });
});

/** Programs of PostgreSQL that write down what other users of the machine can see of them. */
async function recordedPrograms(project: PostgresProject): Promise<{ readonly bin: string; told(): Promise<string> }> {
  const [bin, log] = [join(project.root, 'bin'), join(project.root, 'programs.log')];
  await mkdir(bin);
  for (const name of ['pg_dump', 'pg_restore']) {
    const script = `#!/bin/sh\ntr '\\0' ' ' </proc/$$/cmdline >>${log}\necho >>${log}\nexec /usr/lib/postgresql/15/bin/${name} "$@"\n`;
    await writeFile(join(bin, name), script, { mode: 0o755 });
  }
  return { bin, told: () => readFile(log, 'utf8') };
}
