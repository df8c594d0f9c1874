import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { entry, environment, type Answer } from '../support/cli.ts';
import { newProject, type Project } from '../support/project.ts';

const schema = "SELECT name FROM sqlite_schema WHERE tbl_name NOT LIKE '\\_%' ESCAPE '\\' ORDER BY name";

/** A project whose second migration fails half-way. */
async function npmProject(): Promise<Project> {
  const project = await newProject();
  const forerun = `"${process.execPath}" "${entry}"`;
  const scripts = {
    'migrate:up': `${forerun} up`,
    'migrate:down': `${forerun} down`,
    'migrate:status': `${forerun} status`,
  };
  await writeFile(join(project.root, 'package.json'), JSON.stringify({ name: 'shop', private: true, scripts }));
  await writeFile(join(project.root, 'forerun.config.mjs'), "export default { database: 'app.db' };");
  await project.migration(
    '001_products.sql',
    '-- migrate:up\nCREATE TABLE products (id INTEGER PRIMARY KEY);\n-- migrate:down\nDROP TABLE products;',
  );
  await project.migration(
    '002_broken.sql',
    "ALTER TABLE users ADD COLUMN age INTEGER;\nUPDATE users SET name = 'x';\nINSERT INTO nowhere VALUES (1);",
  );
  return project;
}

async function npm(
  project: Project,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return execa('npm', args, {
    cwd: project.root,
    env: environment(env),
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
  });
}

describe('npm run migrate:up', () => {
  it.each<[string, readonly string[], Record<string, string>]>([
    ['--safe typed without the two dashes', ['run', 'migrate:up', '--safe'], {}],
    ['--safe typed before the script', ['run', '--safe', 'migrate:up'], {}],
    ['-- --safe', ['run', 'migrate:up', '--', '--safe'], {}],
    ['MIGRATE_SAFE=1', ['run', 'migrate:up'], { MIGRATE_SAFE: '1' }],
  ])('with %s leaves main as it was when a migration fails', async (_, args, env) => {
    const project = await npmProject();
    const before = project.read(schema);
    const { exitCode, stdout } = await npm(project, args, env);
    expect(exitCode).toBe(3);
    expect(stdout).toMatch(/Blocked: 002_broken did not pass\. Main is as it was; none was promoted\./);
    expect(stdout).toMatch(/no such table: nowhere/);
    expect(stdout).toMatch(/migrations\/002_broken\.sql:3, statement 3\n +INSERT INTO nowhere/);
    expect(project.read(schema)).toEqual(before);
    expect(project.read('SELECT name FROM users')).toEqual(['Alice', 'Bob', 'Carol']);
  });

  it('without any of these applies what works, without a rehearsal, and says so', async () => {
    const project = await npmProject();
    const { exitCode, stdout } = await npm(project, ['run', 'migrate:up']);
    expect(exitCode).toBe(3);
    expect(stdout).toMatch(/1 of 2 migrations applied, without a rehearsal/);
    expect(project.read(schema)).toContain('products');
    expect(project.read('SELECT name FROM users')).toEqual(['Alice', 'Bob', 'Carol']);
  });

  it.each([['--to=001'], ['--step=1'], ['--promote-passing']])(
    'refuses to do more than was typed where npm kept %s',
    async (option) => {
      const project = await npmProject();
      const before = project.read(schema);
      const { exitCode, stderr } = await npm(project, ['run', 'migrate:up', '--safe', option]);
      expect(exitCode).toBe(2);
      expect(stderr).toContain(`npm kept ${option.split('=')[0]} to itself`);
      expect(stderr).toContain('npm run migrate:up -- --');
      expect(project.read(schema)).toEqual(before);
    },
  );

  it('takes --safe from npm for down as well, and nothing from npm where no npm script runs it', async () => {
    const project = await npmProject();
    await npm(project, ['run', 'migrate:up', '--', '--safe', '--to', '001']);
    const direct = await execa(process.execPath, [entry, 'down', '--json'], {
      cwd: project.root,
      env: environment({ npm_config_safe: 'true' }),
      extendEnv: false,
    });
    expect(JSON.parse(direct.stdout)).toMatchObject({ outcome: 'promoted', migrations: [{ promotion: null }] });
    await npm(project, ['run', 'migrate:up', '--', '--safe', '--to', '001']);
    const { exitCode, stdout } = await npm(project, ['run', 'migrate:down', '--safe']);
    expect(stdout).toMatch(/1 migration reverted in/);
    expect(exitCode).toBe(0);
    expect(project.read(schema)).not.toContain('products');
  });
});
