import { tmpdir } from 'node:os';
import { describe, expect, it, test } from 'vitest';
import { entry, forerun } from '../support/cli.ts';
import { execa } from 'execa';

const verbs =
  'init create status up down gate checkpoint checkpoints rollback branch branches discard exec diff promote repair baseline doctor'.split(
    ' ',
  );
const cwd = tmpdir();

describe('help', () => {
  it('lists every verb, examples and exit codes', async () => {
    const { stdout, stderr, exitCode } = await forerun(['--help'], { cwd });
    for (const verb of verbs) expect(stdout).toMatch(new RegExp(`^  ${verb}\\b`, 'm'));
    expect(stdout).toContain('forerun up --safe');
    expect(stdout).toContain('130/143');
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  });

  it.each(verbs)(
    'of %s says what it does, shows examples and exit codes, and names the common options',
    async (verb) => {
      const { stdout, exitCode } = await forerun([verb, '--help'], { cwd });
      expect(stdout).toContain(`Usage: forerun ${verb}`);
      expect(stdout).toMatch(/Examples:\n +\$ .*forerun/);
      expect(stdout).toContain('Exit codes:');
      expect(stdout).toContain('--database <url>');
      expect(exitCode).toBe(0);
    },
  );

  it('lists the exit codes that a verb has', async () => {
    const rollback = await forerun(['rollback', '--help'], { cwd });
    expect(rollback.stdout).toMatch(/^ +4 +main needs a person$/m);
    expect(rollback.stdout).toMatch(/^ +1 +Forerun or the environment failed$/m);
    expect((await forerun(['up', '--help'], { cwd })).stdout).toMatch(/failed before anything was promoted$/m);
    const exec = await forerun(['exec', '--help'], { cwd });
    expect(exec.stdout.replaceAll(/\s+/g, ' ')).toContain('exits as that program does, whatever its code');
  });

  it('is also `help <verb>`, and the version is the package’s', async () => {
    expect((await forerun(['help', 'up'], { cwd })).stdout).toContain('Usage: forerun up');
    expect((await forerun(['--version'], { cwd })).stdout).toMatch(/^\d+\.\d+\.\d+$/);
  });
});

describe('wrong use exits with 2 and says what was meant', () => {
  test.each<[string, string[], RegExp]>([
    ['a misspelt option', ['up', '--saef'], /Unknown option '--saef'\. Did you mean --safe\?/],
    ['a misspelt common option', ['status', '--databse', 'x'], /Did you mean --database\?/],
    ['a misspelt verb', ['stauts'], /Unknown command 'stauts'\. Did you mean status\?/],
    ['no verb', [], /No verb was given/],
    ['help for a misspelt verb', ['help', 'statsu'], /There is no verb "statsu"\. Did you mean status\?/],
    ['a missing argument', ['diff', 'main'], /Missing required argument 'b'/],
    ['an argument too many', ['status', 'x'], /Too many arguments/],
    ['a step that is no number', ['up', '--step', 'two'], /--step <n>.*whole number above 0/],
    ['a checkpoint rule that there is not', ['up', '--checkpoints', 'never'], /Allowed choices are each, once/],
    ['--to with --step', ['up', '--to', '001', '--step', '1'], /cannot be used with option '--to/],
    [
      '--all-or-nothing with --promote-passing',
      ['up', '--safe', '--all-or-nothing', '--promote-passing'],
      /cannot be used with/,
    ],
    ['--all-or-nothing without --safe', ['up', '--all-or-nothing'], /none without --safe/],
    ['--promote-passing without --safe', ['up', '--promote-passing'], /forerun up --safe --promote-passing/],
    ['--quiet with --verbose', ['status', '--quiet', '--verbose'], /cannot be used with/],
    ['an adapter that there is not', ['up', '--adapter', 'alembic'], /There is no adapter "alembic".*There is: sql\b/],
    ['Umzug as an adapter', ['up', '--adapter', 'umzug'], /safeUmzug/],
    ['a provider that there is not', ['up', '--provider', 'copi'], /did you mean copy\?/],
    ['a repair without a reason', ['repair'], /--reason <text>' not specified/],
    ['no database', ['status'], /No database is named.*forerun init/s],
    [
      'a database that no driver knows',
      ['status', '--database', 'mysql://root:secret@host/x'],
      /No driver knows the address mysql:\/\/…/,
    ],
    [
      'a configuration that is not there',
      ['status', '--config', 'nowhere.ts'],
      /There is no configuration file .*nowhere\.ts/,
    ],
  ])('%s', async (_, args, message) => {
    const { stdout, stderr, exitCode } = await forerun(args, { cwd });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^ +at /m);
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
  });

  it('prints a document where one was asked for', async () => {
    const { stdout, stderr, exitCode } = await forerun(['up', '--saef', '--json'], { cwd });
    expect(JSON.parse(stdout)).toMatchObject({
      outcome: 'failed',
      exitCode: 2,
      verb: 'up',
      migrations: [],
      drift: [],
      findings: [],
      error: {
        code: 'USAGE',
        message: "Unknown option '--saef'. Did you mean --safe?",
        next: 'See: forerun up --help',
      },
    });
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 2 });
  });
});

test.each(['--help', 'doctor --json'])(
  'a stdout that is full is one line on stderr and changes no exit code: %s',
  async (args) => {
    const line = `"${process.execPath}" "${entry}" ${args} --database nowhere.db`;
    const kept = await execa('sh', ['-c', line], { cwd, reject: false });
    const { stderr, exitCode } = await execa('sh', ['-c', `${line} > /dev/full`], { cwd, reject: false });
    expect(stderr).toMatch(/^The result could not be written to stdout: ENOSPC.*$/);
    expect(exitCode).toBe(kept.exitCode);
  },
);

test('a reader that closes stdout early is no error', async () => {
  const { stderr, exitCode } = await execa('sh', ['-c', `"${process.execPath}" "${entry}" --help | head -1`]);
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
});
