import { createRequire } from 'node:module';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { resolveConfig } from '../../src/config.ts';
import { template } from '../../src/providers/template.ts';
import { gate } from '../../src/run.ts';
import { branch } from '../../src/verbs/copies.ts';
import { exec } from '../../src/verbs/exec.ts';
import { postgresProject, type PostgresProject } from '../drivers/fixtures/postgres-project.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';

/** Says which database a program comes to that is given no address, by pg's and by libpq's own defaults. */
const asker = `
  const { Client } = require(process.argv[2]);
  const client = new Client();
  client.connect().then(async () => {
    const { rows } = await client.query('SELECT current_database() AS name');
    await client.end();
    const { execFileSync } = require('node:child_process');
    const libpq = execFileSync('psql', ['-XAtc', 'SELECT current_database()'], { encoding: 'utf8' });
    const said = JSON.stringify([rows[0].name, libpq.trim()]);
    if (process.argv[3]) require('node:fs').writeFileSync(process.argv[3], said);
    console.log(said);
  });
`;
const pg = createRequire(import.meta.url).resolve('pg');

describe('a program without an address of its own, which would come to main,', () => {
  let server: PostgresServer;
  let project: PostgresProject;
  let main: string;
  beforeAll(async () => {
    server = await startPostgres();
    project = await postgresProject(server, 'CREATE TABLE notes (id integer)');
    main = new URL(project.url).pathname.slice(1);
    await writeFile(join(project.root, 'ask.cjs'), asker);
    await project.migration('001_level.sql', 'ALTER TABLE notes ADD COLUMN level integer');
    const service = `[other]\ndbname=postgres\n[shop]\n# main\nhost=localhost\nport=${server.port}\nuser=postgres\ndbname=${main}\n`;
    await writeFile(join(project.root, 'services'), service);
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await server?.stop();
  });

  const ways: readonly (readonly [what: string, env: () => Readonly<Record<string, string>>])[] = [
    ['by PGHOST and the others', () => ({ PGHOST: 'localhost', PGDATABASE: main })],
    ['by PGHOSTADDR', () => ({ PGHOST: 'nowhere.invalid', PGHOSTADDR: '127.0.0.1', PGDATABASE: main })],
    ['by PGSERVICE', () => ({ PGSERVICE: 'shop', PGSERVICEFILE: join(project.root, 'services') })],
  ];

  const leadToMain = (env: Readonly<Record<string, string>>): void => {
    onTestFinished(() => void vi.unstubAllEnvs());
    for (const [name, value] of Object.entries({ PGPORT: String(server.port), PGUSER: 'postgres', ...env }))
      vi.stubEnv(name, value);
  };

  test.each(ways)('%s, comes to the branch that it is run on', async (_, env) => {
    leadToMain(env());
    const setup = await resolveConfig(project.config({ provider: template() }));
    const made = await branch(setup, { name: 'tried' });
    const file = join(project.root, 'seen');
    expect(await exec(setup, 'tried', [process.execPath, join(project.root, 'ask.cjs'), pg, file])).toBe(0);
    const name = new URL(made.variable).pathname.slice(1);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual([name, name]);
    await setup.provider.discard((await setup.provider.list(setup.main)).find(({ kind }) => kind === 'branch')!);
    await setup.provider.discard((await setup.provider.list(setup.main))[0]!);
  });

  test.each(ways)('%s, comes to the branch that it is to validate', async (_, env) => {
    leadToMain(env());
    const result = await gate(
      await resolveConfig(project.config({ provider: template(), validate: [`node ask.cjs ${pg}`] })),
    );
    expect(result, JSON.stringify(result)).toMatchObject({ outcome: 'passed' });
    const checks = result.migrations.flatMap(({ evidence }) => evidence.checks ?? []);
    expect(checks.length).toBeGreaterThan(0);
    for (const { output } of checks) {
      const [byPg, byLibpq] = JSON.parse(output) as readonly string[];
      expect(byPg).toMatch(/^forerun_br_/);
      expect(byLibpq).toBe(byPg);
    }
  });

  test('goes where it went where that is not main', async () => {
    leadToMain({ PGHOST: 'localhost', PGDATABASE: 'postgres' });
    const result = await gate(
      await resolveConfig(project.config({ provider: template(), validate: [`node ask.cjs ${pg}`] })),
    );
    const outputs = result.migrations.flatMap(({ evidence }) => evidence.checks ?? []).map(({ output }) => output);
    expect(new Set(outputs.map((output) => output.trim()))).toEqual(new Set(['["postgres","postgres"]']));
  });
});
