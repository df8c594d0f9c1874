import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { forerun } from '../support/cli.ts';
import { blocking, commandLine, fixed, running, sharing } from './fixtures/umzug/programs.ts';
import { umzugProject, type UmzugProject } from './fixtures/umzug/project.ts';

const manifest = JSON.stringify({
  type: 'module',
  scripts: { 'migrate:up': 'node migrate.mjs up', 'migrate:down': 'node migrate.mjs down' },
});

/** The module option is left out, so that the script itself is what a child process loads. */
const inScript = (migrator: string): string => migrator.replace(/ *,?\s*module: import\.meta\.url,?/, '');

const good = {
  'migrations/001_a.mjs': running('CREATE TABLE a (i)'),
  'migrations/002_b.mjs': running('CREATE TABLE b (i)'),
};
/** Applies its first statement and then fails. */
const bad = { 'migrations/003_bad.mjs': running('CREATE TABLE half (i)', 'INSERT INTO nowhere VALUES (1)') };

function shell(migrator: string): Promise<UmzugProject> {
  return umzugProject({ 'package.json': manifest, 'migrator.mjs': migrator, 'migrate.mjs': commandLine });
}

describe.each([
  ['on our connection', sharing],
  ['on our connection, its module not given', inScript(sharing)],
  ['with a plain context, its module not given', inScript(fixed)],
])('the script of an Umzug project, %s', (_name, migrator) => {
  test.each([
    ['npm run migrate:up -- --safe', ['run', 'migrate:up', '--', '--safe']],
    ['npm run migrate:up --safe', ['run', 'migrate:up', '--safe']],
  ])('%s: promotes what passes, and leaves main alone where something fails', async (_command, args) => {
    const project = await shell(migrator);
    await project.put(good);
    const first = await project.run('npm', args);
    expect([first.exitCode, first.stdout]).toEqual([0, expect.stringContaining('2 migrations promoted')]);
    expect(project.tables()).toEqual(['a', 'b', 'users']);
    expect(project.read('SELECT name FROM _schema_history ORDER BY name')).toEqual(['001_a.mjs', '002_b.mjs']);
    expect(project.read('SELECT count(*) FROM _forerun_journal')).toEqual([1]);

    await project.put(bad);
    const second = await project.run('npm', args);
    expect(second.exitCode).toBe(3);
    expect(second.stdout).toMatch(
      /003_bad\.mjs \[applies\]\n +no such table: nowhere.*\n +migrations\/003_bad\.mjs:3\n/,
    );
    expect(second.stdout).toContain('Main is as it was');
    expect(second.stderr).not.toMatch(/nowhere|Error/);
    expect(project.tables()).toEqual(['a', 'b', 'users']);
  });
});

describe('the command line', () => {
  test('runs safe by MIGRATE_SAFE, and as Umzug does without it', async () => {
    const project = await shell(sharing);
    await project.put({ ...good, ...bad });
    const safe = await project.run('node', ['migrate.mjs', 'up'], { MIGRATE_SAFE: '1' });
    expect(safe.exitCode).toBe(3);
    expect(project.tables()).toEqual(['users']);
    const doubtful = await project.run('node', ['migrate.mjs', 'up'], { MIGRATE_SAFE: 'yes' });
    expect([doubtful.exitCode, project.tables()]).toEqual([2, ['users']]);
    expect(doubtful.stdout + doubtful.stderr).toContain('MIGRATE_SAFE is "yes"');
    const plain = await project.run('node', ['migrate.mjs', 'up']);
    expect(plain.exitCode).toBe(1);
    expect(project.tables()).toEqual(['a', 'b', 'users']);
    expect((await project.run('node', ['migrate.mjs', 'executed'])).stdout).toBe('001_a.mjs\n002_b.mjs');
    expect((await project.run('node', ['migrate.mjs', 'pending'])).stdout).toBe('003_bad.mjs');
  });

  test('goes down safely, and takes the options of Umzug', async () => {
    const project = await shell(sharing);
    await project.put({
      ...good,
      'migrations/003_c.mjs': `${running('CREATE TABLE c (i)')}export const down = async ({ context }) => context.db.exec('DROP TABLE c');\n`,
    });
    const help = await project.run('node', ['migrate.mjs', 'down', '--help']);
    expect(help.stdout).toContain('--safe');
    expect((await project.run('node', ['migrate.mjs', 'up', '--safe', '--to', '001_a.mjs'])).exitCode).toBe(0);
    expect(project.tables()).toEqual(['a', 'users']);
    expect(
      (await project.run('node', ['migrate.mjs', 'up', '--safe', '--name', '002_b.mjs', '--name', '003_c.mjs']))
        .exitCode,
    ).toBe(0);
    expect(project.tables()).toEqual(['a', 'b', 'c', 'users']);
    expect((await project.run('node', ['migrate.mjs', 'down', '--safe'])).exitCode).toBe(0);
    expect(project.tables()).toEqual(['a', 'b', 'users']);
    const refused = await project.run('node', ['migrate.mjs', 'down', '--safe']);
    expect([refused.exitCode, refused.stderr]).toEqual([2, expect.stringContaining('002_b.mjs has no down')]);
  });

  test('says what is wrong with the configuration, with exit code 2', async () => {
    const project = await shell(sharing.replace("database: 'app.db',", "database: 'app.db', chekcs: 'x',"));
    await project.put(good);
    const { exitCode, stderr } = await project.run('node', ['migrate.mjs', 'up', '--safe']);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('did you mean checks?')]);
  });

  test('tells a disagreement once, with a command that does what it says where a config exports the migrator', async () => {
    const project = await shell(sharing);
    await project.put({
      ...good,
      'forerun.config.js': "import { umzug } from './migrator.mjs';\n\nexport default umzug.config;\n",
    });
    await project.run('node', ['migrate.mjs', 'up', '--safe']);
    await project.put({ 'migrations/001_a.mjs': `${running('CREATE TABLE a (i)')}// A remark.\n` });

    const { exitCode, stdout, stderr } = await project.run('node', ['migrate.mjs', 'up', '--safe']);

    expect(exitCode).toBe(3);
    expect(`${stdout}${stderr}`.match(/was changed after it was applied/g)).toHaveLength(1);
    const [, repair = ''] = /accept it with: forerun (repair .*) --reason/.exec(stdout) ?? [];
    const answer = await forerun([...repair.split(' '), '--reason', 'a remark'], { cwd: project.root });
    expect([answer.exitCode, answer.stdout]).toEqual([0, 'Accepted 001_a.mjs\n'.trim()]);
    expect((await project.run('node', ['migrate.mjs', 'up', '--safe'])).exitCode).toBe(0);
  });

  test('forerun without that config says what to write in it', async () => {
    const project = await shell(sharing);
    await project.put(good);
    const { stderr } = await forerun(['status', '--database', 'app.db'], { cwd: project.root });
    expect(stderr).toContain("import { migrator } from './migrator.js'; export default migrator.config;");
    expect(stderr.match(/need a source of their own/g)).toHaveLength(1);
  });

  test('tells listeners of each promoted migration once', async () => {
    const project = await shell(sharing);
    await project.put({
      ...good,
      'migrate.mjs': `import { appendFileSync } from 'node:fs';
import { umzug } from './migrator.mjs';
umzug.on('migrated', ({ name }) => appendFileSync('log', name + '\\n'));
await umzug.runAsCLI();
appendFileSync('log', 'done ' + process.exitCode + '\\n');
`,
    });
    await project.run('node', ['migrate.mjs', 'up', '--safe']);
    const { stdout } = await project.run('cat', ['log']);
    expect(stdout).toBe('001_a.mjs\n002_b.mjs\ndone 0');
  });
});

describe('Ctrl-C', () => {
  /** Sends a signal as soon as the migration says that it blocks its process. */
  async function interrupted(project: UmzugProject, signal: NodeJS.Signals): Promise<number | undefined> {
    const deployer = execa('node', ['migrate.mjs', 'up', '--safe'], {
      cwd: project.root,
      reject: false,
      stdin: 'ignore',
    });
    while (!existsSync(join(project.root, 'pid'))) await sleep(20);
    deployer.kill(signal);
    return (await deployer).exitCode;
  }

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s while a statement blocks the rehearsal leaves main as it was', async (signal, code) => {
    const project = await shell(sharing);
    await project.put({ 'migrations/001_long.mjs': blocking });
    expect(await interrupted(project, signal)).toBe(code);
    expect(project.tables()).toEqual(['users']);
  });

  test('while a statement blocks the promotion leaves main as it was, and the next run goes through', async () => {
    const onMain = "when: ({ target }) => target.path.endsWith('/app.db')";
    const project = await shell(
      sharing.replace('({ db: connection, target })', `({ db: connection, target, ${onMain} })`),
    );
    await project.put({ 'migrations/001_long.mjs': blocking });
    expect(await interrupted(project, 'SIGINT')).toBe(130);
    expect(project.tables()).toEqual(['users']);
    await project.put({ 'migrations/001_long.mjs': running('CREATE TABLE a (i)') });
    expect((await project.run('node', ['migrate.mjs', 'up', '--safe'])).exitCode).toBe(0);
    expect(project.tables()).toEqual(['a', 'users']);
  });
});
