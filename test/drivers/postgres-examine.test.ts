import { spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { postgres } from '../../src/drivers/postgres.ts';
import { failure } from '../contracts/driver/world.ts';
import { startPostgres } from '../support/postgres.ts';
import { testMain } from './fixtures/postgres-main.ts';

describe('main on PostgreSQL', () => {
  test.each([15, 18] as const)('%i is looked at before it is written, and what is wrong is said', async (version) => {
    await using server = await startPostgres({
      version,
      hba: ['host all guarded 127.0.0.1/32 scram-sha-256', 'host all banned 127.0.0.1/32 reject'],
    });
    await server.query("CREATE ROLE guarded LOGIN PASSWORD 'right'; CREATE ROLE banned LOGIN; CREATE ROLE weak LOGIN");
    const { driver, target, name } = await testMain(server);
    const as = (user: string): string => target.variable.replace('postgres@', `${user}@`);
    const said = async (address: string, use?: 'reading' | 'writing'): Promise<string> => {
      const { message, next } = await failure(driver.examine(driver.target(address), use));
      expect(`${message} ${next}`).not.toContain('wrong');
      return `${message} ${next}`;
    };
    expect(await said(as('guarded:wrong'))).toMatch(/password authentication failed.*Check user and password/);
    expect(await said(as('guarded'))).toMatch(/asks for a password, and none was given.*PGPASSWORD/);
    expect(await said(as('banned'))).toMatch(/pg_hba\.conf/);
    expect(await said(as('nobody'))).toMatch(/role "nobody" does not exist/);
    expect(await said(server.url('nowhere'))).toMatch(/database "nowhere" does not exist.*createdb/);
    expect(await said(target.variable.replace(/:\d+\//, ':1/'))).toMatch(/ECONNREFUSED.*Check host and port/);
    expect(await said(`${target.variable}?sslmode=require`)).toMatch(/does not support SSL.*sslmode/);

    await server.query('REVOKE CREATE ON SCHEMA public FROM PUBLIC', name);
    expect(await said(as('weak'))).toMatch(/role weak may not make tables in the schema public.*GRANT USAGE, CREATE/);
    await server.query(
      'CREATE TABLE _schema_history (version TEXT NOT NULL, name TEXT PRIMARY KEY, applied_on TEXT NOT NULL, checksum TEXT NOT NULL)',
      name,
    );
    for (const use of ['reading', 'writing'] as const)
      expect(await said(as('weak'), use)).toMatch(
        /role weak may not read _schema_history.*GRANT SELECT ON _schema_history TO weak/,
      );
    await server.query('GRANT SELECT ON _schema_history TO weak', name);
    expect(await said(as('weak'))).toMatch(/role weak may not write _schema_history in the schema public/);
    await driver.examine(driver.target(as('weak')), 'reading');

    await server.query(`ALTER ROLE postgres IN DATABASE ${name} SET default_transaction_read_only = on`);
    expect(await said(target.variable)).toMatch(/read-only by its settings/);
    await driver.examine(target, 'reading');
    await server.query(`REVOKE CONNECT ON DATABASE ${name} FROM PUBLIC`);
    expect(await said(as('weak'))).toMatch(/permission denied for database.*CONNECT/);
  });

  test('on a standby is not to be written', async () => {
    await using server = await startPostgres({ version: 15 });
    const { driver, target } = await testMain(server);
    const signal = join(server.dataFolder, 'standby.signal');
    writeFileSync(signal, '');
    const { uid, gid } = statSync(server.dataFolder);
    chownSync(signal, uid, gid);
    await server.restart();
    const error = await failure(driver.examine(target));
    expect(error.message).toMatch(/is a read-only standby, which cannot be written/);
    await driver.examine(target, 'reading');
  });

  test('takes addresses that are none without showing them', async () => {
    const { target } = postgres();
    for (const address of [
      'host=a password=secret',
      'postgres:secret',
      'postgres://h/%secret',
      'mysql://u:secret@h/d',
    ]) {
      try {
        target(address);
        expect.unreachable();
      } catch (error) {
        expect(JSON.stringify([String(error), error])).not.toContain('secret');
        expect(error).toMatchObject({ code: 'BAD_TARGET', next: expect.stringContaining('postgres://') as string });
      }
    }
    expect(target('postgresql://u:p@ss@h:1/d?sslmode=disable').url).toBe('postgres://u@h:1/d?sslmode=disable');
    expect(target('postgres:///d?host=/run/pg').url).toBe('postgres:///d?host=%2Frun%2Fpg');
  });

  test.each(['pg', 'libpg-query'])('needs %s before it connects, and says how to get it', (name) => {
    const folder = mkdtempSync(join(tmpdir(), 'forerun-no-pg-'));
    // As Node says it where there is no such package.
    const hooks = join(folder, 'hooks.mjs');
    writeFileSync(
      hooks,
      `export async function resolve(specifier, context, next) {
        if (specifier === '${name}') throw Object.assign(new Error("Cannot find package '${name}'"), { code: 'ERR_MODULE_NOT_FOUND' });
        return next(specifier, context);
      }`,
    );
    const program = `
      import { register } from 'node:module';
      register(${JSON.stringify(`file://${hooks}`)});
      const { postgres } = await import(${JSON.stringify(join(import.meta.dirname, '../../dist/src/drivers/postgres.js'))});
      const driver = postgres();
      await driver.open(driver.target('postgres://h/d')).catch((error) => console.log(error.code, error.message, error.next));`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
    });
    expect(stdout + stderr).toBe(
      `CONFIG PostgreSQL is reached with the package ${name}, which is not installed. Install what it needs: npm install --save-dev pg libpg-query\n`,
    );
  });
});
