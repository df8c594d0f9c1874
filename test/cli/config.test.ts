import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { entry, forerun, forerunJson } from '../support/cli.ts';
import { newProject, type Project } from '../support/project.ts';

const ours = resolve(dirname(entry), '../../..');

async function projectWith(name: string, text: string): Promise<Project> {
  const project = await newProject();
  await project.migration('001_a.sql', 'CREATE TABLE a (id INTEGER PRIMARY KEY);');
  await writeFile(join(project.root, name), text);
  return project;
}

describe('a configuration file', () => {
  it.each([
    [
      'forerun.config.ts',
      "import { defineConfig, type Config } from 'forerun';\nconst config: Config = { database: 'app.db' };\nexport default defineConfig(config);",
    ],
    [
      'forerun.config.mts',
      "import { sqlite } from 'forerun/sqlite';\nexport default { database: 'app.db', driver: sqlite() };",
    ],
    [
      'forerun.config.mjs',
      "import { defineConfig } from 'forerun';\nexport default defineConfig({ database: 'app.db' });",
    ],
    ['forerun.config.js', "export default { database: 'app.db' };"],
  ])('may be %s, and imports this package without having it installed', async (name, text) => {
    const { root } = await projectWith(name, text);
    const { stdout, stderr } = await forerun(['status'], { cwd: root });
    expect(stderr).toBe('');
    expect(stdout).toContain('pending  001_a');
  });

  it('gets the package that is installed beside it', async () => {
    const { root } = await projectWith(
      'forerun.config.ts',
      "import { defineConfig } from 'forerun';\nexport default defineConfig({ database: 'app.db' });",
    );
    await mkdir(join(root, 'node_modules'));
    await symlink(ours, join(root, 'node_modules/forerun'));
    expect((await forerun(['status'], { cwd: root })).stdout).toContain('pending  001_a');
  });

  it.each([
    ['process.exit(0);', 'status', /ended this program: there is a process\.exit in it/, 2],
    ['export default await new Promise(() => {});', 'status', /never came to its end: an await in it/, 2],
    ['process.exit(0);', 'up --safe', /ended this program.*\[CRASHED\]/s, 1],
  ])('that says %s never looks like success of %s', async (text, verb, why, code) => {
    const { root } = await projectWith('forerun.config.mjs', text);
    const { stdout, stderr, exitCode } = await forerun(verb.split(' '), { cwd: root });
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: code });
    expect(stderr).toMatch(why);
  });

  it('that takes long is waited for aloud', async () => {
    const { root } = await projectWith(
      'forerun.config.mjs',
      "await new Promise((resolve) => setTimeout(resolve, 4000)); export default { database: 'app.db' };",
    );
    const { stderr, exitCode } = await forerun(['gate'], { cwd: root });
    expect(stderr).toContain('… The configuration is not loaded yet; waiting for it.');
    expect(exitCode).toBe(0);
  });

  it('is looked for where --config says, and its paths are relative to itself', async () => {
    const { root } = await projectWith('other.mjs', "export default { database: 'app.db', migrations: 'migrations' };");
    const elsewhere = join(root, 'elsewhere');
    await mkdir(elsewhere);
    expect((await forerun(['status', '--config', '../other.mjs'], { cwd: elsewhere })).stdout).toContain(
      'pending  001_a',
    );
  });

  it('gives way to what was typed, whose paths are relative to where it was typed', async () => {
    const { root } = await projectWith(
      'forerun.config.mjs',
      "export default { database: 'nowhere.db', migrations: 'none' };",
    );
    const elsewhere = join(root, 'elsewhere');
    await mkdir(elsewhere);
    const args = [
      'status',
      '--config',
      '../forerun.config.mjs',
      '--database',
      '../app.db',
      '--migrations',
      '../migrations',
    ];
    expect((await forerun(args, { cwd: elsewhere })).stdout).toContain('pending  001_a');
  });

  it('comes before DATABASE_URL, which serves where it names no database', async () => {
    const named = await projectWith('forerun.config.mjs', "export default { database: 'app.db' };");
    const env = { DATABASE_URL: 'nowhere.db' };
    expect((await forerun(['status'], { cwd: named.root, env })).exitCode).toBe(0);
    const unnamed = await projectWith('forerun.config.mjs', "export default { databaseVariable: 'SHOP_DB' };");
    expect((await forerun(['status'], { cwd: unnamed.root, env: { SHOP_DB: 'sqlite:app.db' } })).exitCode).toBe(0);
  });

  it.each<[string, string, string, RegExp]>([
    [
      'that throws',
      'forerun.config.ts',
      "const a: number = 1;\n\nthrow new Error('no luck ' + a);\nexport default {};",
      /forerun\.config\.ts:3 could not be loaded: no luck 1/,
    ],
    [
      'in JavaScript that throws',
      'forerun.config.mjs',
      "\nthrow new Error('no luck');",
      /forerun\.config\.mjs:2 could not be loaded: no luck/,
    ],
    [
      'that cannot be read',
      'forerun.config.mjs',
      '\n\nexport default {',
      /forerun\.config\.mjs:\d could not be loaded/,
    ],
    [
      'in TypeScript that cannot be read',
      'forerun.config.ts',
      '\n\nexport default {',
      /forerun\.config\.ts:\d could not be loaded/,
    ],
    ['without a default export', 'forerun.config.mjs', 'export const config = {};', /has no default export/],
    ['that exports no object', 'forerun.config.mjs', 'export default () => ({});', /is no configuration object/],
    [
      'with a key that there is not',
      'forerun.config.mjs',
      "export default { database: 'app.db', migration: 'x' };",
      /migration: .*did you mean migrations\?/,
    ],
    [
      'with a wrong value',
      'forerun.config.mjs',
      "export default { database: 'app.db', checkpoints: 'never' };",
      /checkpoints/,
    ],
    [
      'whose database is misspelt',
      'forerun.config.mjs',
      "export default { databse: 'app.db' };",
      /databse: .*did you mean database\?/,
    ],
    [
      'with one command instead of a list',
      'forerun.config.mjs',
      "export default { database: 'app.db', validate: 'npm test' };",
      /validate: must be a list of commands: \['npm test'\]/,
    ],
    [
      'with a number for an object',
      'forerun.config.mjs',
      "export default { database: 'app.db', policy: 3 };",
      /policy: must be an object/,
    ],
    [
      'with a command that needs a shell',
      'forerun.config.mjs',
      "export default { database: 'app.db', validate: ['npm run a && npm run b'] };",
      /has && in it.*sh -c 'npm run a && npm run b'/s,
    ],
    [
      'of whose policy a gate is misspelt',
      'forerun.config.mjs',
      "export default { database: 'app.db', policy: { 'data-preserve': 'off' } };",
      /did you mean data-preserved\?/,
    ],
    [
      'with gates that are none',
      'forerun.config.mjs',
      "export default { database: 'app.db', gates: [{ name: 'x' }, { judge: () => [] }, null] };",
      /gates\.0\.judge: must be a function\n +gates\.1\.name: is missing\n +gates\.2: must be an object/,
    ],
    [
      'with one gate instead of a list',
      'forerun.config.mjs',
      "export default { database: 'app.db', gates: { name: 'x', judge: () => [] } };",
      /gates: must be a list/,
    ],
  ])('%s is refused, with the file and what is wrong', async (_, name, text, message) => {
    const { root } = await projectWith(name, text);
    const { stderr, exitCode } = await forerun(['up', '--safe'], { cwd: root });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^ +at /m);
    expect(exitCode).toBe(2);
    const document = await forerunJson(['up', '--safe'], { cwd: root });
    expect(document).toMatchObject({ outcome: 'failed', exitCode: 2, verb: 'up', error: { code: 'CONFIG' } });
  });

  it.each(['forerun.config.mjs', 'forerun.config.ts'])(
    'that cannot be read is refused with its line, also beside an installed package: %s',
    async (name) => {
      const { root } = await projectWith(name, '\n\nexport default { database: }');
      await mkdir(join(root, 'node_modules'));
      await symlink(ours, join(root, 'node_modules/forerun'));
      const { stderr, exitCode } = await forerun(['status'], { cwd: root });
      expect(stderr).toContain(`${name}:3 could not be loaded`);
      expect(exitCode).toBe(2);
    },
  );

  it('that cannot be read is named once', async () => {
    const { root } = await projectWith('forerun.config.ts', "export default {\n  database: 'app.db'\n  x: 3,\n};");
    const { stderr } = await forerun(['status'], { cwd: root });
    expect(stderr).toMatch(/forerun\.config\.ts:3 could not be loaded: Unexpected token, expected ","\n→/);
    expect(stderr.split('forerun.config.ts')).toHaveLength(2);
  });

  it('whose address is empty leaves it to DATABASE_URL', async () => {
    const { root } = await projectWith('forerun.config.mjs', "export default { database: process.env.NONE ?? '' };");
    expect((await forerun(['status'], { cwd: root })).stderr).toContain('No database is named');
    expect((await forerun(['status'], { cwd: root, env: { DATABASE_URL: 'app.db' } })).exitCode).toBe(0);
  });

  it('must be one: of two none is chosen silently', async () => {
    const { root } = await projectWith('forerun.config.mjs', 'export default {};');
    await cp(join(root, 'forerun.config.mjs'), join(root, 'forerun.config.js'));
    const { stderr, exitCode } = await forerun(['status'], { cwd: root });
    expect(stderr).toMatch(/several configuration files: .*forerun\.config\.js, .*forerun\.config\.mjs/);
    expect(exitCode).toBe(2);
  });

  it('shares its errors with the program, so that their codes and advice are known', async () => {
    const text = `
      import { ForerunError } from 'forerun';
      const source = { name: 'mine', async migrations() {
        throw new ForerunError('BAD_MIGRATION', 'one.txt is no migration.', { details: {}, next: 'Rename it.' });
      } };
      export default { database: 'app.db', source };`;
    for (const name of ['forerun.config.ts', 'forerun.config.mjs']) {
      const { root } = await projectWith(name, text);
      const { stderr, exitCode } = await forerun(['status'], { cwd: root });
      expect(stderr).toContain('[BAD_MIGRATION] one.txt is no migration.\n→ Rename it.');
      expect(exitCode).toBe(2);
    }
  });

  it('with a source of its own refuses --migrations, unless --adapter sql says what is meant', async () => {
    const { root } = await projectWith(
      'forerun.config.mjs',
      "export default { database: 'app.db', source: { name: 'mine', migrations: async () => [] } };",
    );
    const refused = await forerun(['status', '--migrations', 'migrations'], { cwd: root });
    expect(refused.stderr).toContain("the configuration's migrations are those of mine");
    expect(refused.exitCode).toBe(2);
    expect(
      (await forerun(['status', '--migrations', 'migrations', '--adapter', 'sql'], { cwd: root })).stdout,
    ).toContain('pending  001_a');
  });
});
