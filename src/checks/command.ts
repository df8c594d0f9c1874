import { execa } from 'execa';
import { ForerunError } from '../error.ts';
import { refuseBesideSql } from '../only-sql.ts';
import type { Check } from '../setup.ts';
import { shellWord } from '../shell-word.ts';
import { commandWords, shellSyntax } from './command-words.ts';
import { whyNoProgram } from './find-program.ts';

/**
 * A check that is a program: run with the database variable, and others that led to main, pointing at the branch, in a
 * process group of its own, without a shell. An exit code other than 0 fails it. Numbers in a JSON object on its last line become metrics.
 */
export function commandCheck(command: string, cwd: string, limitMs: number): Check {
  return {
    name: command,
    async prepare({ driver }) {
      refuseBesideSql(driver, `The check "${command}"`);
      const why = await whyNoProgram(commandWords(command)[0] ?? '', cwd);
      if (why !== undefined) throw noProgram(command, why);
    },
    async run(_branch, { environment, when, signal }) {
      const [file = '', ...args] = commandWords(command);
      const result = await execa(file, args, {
        cwd,
        env: { ...environment, FORERUN_WHEN: when },
        preferLocal: true,
        stdin: 'ignore',
        all: true,
        reject: false,
        timeout: limitMs,
        cancelSignal: signal,
        forceKillAfterDelay: 2000,
      });
      const output = typeof result.all === 'string' ? result.all : '';
      if (result.timedOut)
        return { ok: false, output: `${output}\nIt ran longer than ${limitMs / 1000} s and was ended.` };
      if (result.code === 'ENOENT') return { ok: false, output: `${output}\nThere is no program ${file}.` };
      if (result.exitCode === undefined)
        return { ok: false, output: `${output}\n${result.shortMessage ?? 'It could not be started.'}` };
      if (result.exitCode !== 0) return { ok: false, output: `${output}\nIt exited with ${result.exitCode}.` };
      return { ok: true, output, metrics: metricsIn(output) };
    },
  };
}

/** A command that means something else without a shell than with one is never run: it would seem to have passed. */
export function refuseShellSyntax(command: string, code: 'CONFIG' | 'USAGE'): void {
  const found = commandWords(command).length === 0 ? 'no word' : shellSyntax(command);
  if (found === undefined) return;
  const named = code === 'USAGE' ? '--validate' : '"validate"';
  const details = { keys: ['validate'] };
  throw new ForerunError(code, `The command of ${named} is run without a shell, and has ${found} in it: ${command}`, {
    details,
    next: `Quote what is meant as it stands; or have a shell run it: ${shellLine(command, code)}`,
  });
}

function noProgram(command: string, why: string): ForerunError<'CONFIG'> {
  return new ForerunError('CONFIG', `The check "${command}" cannot be run. ${why}`, {
    details: { keys: ['validate'] },
    next: 'Check its name and the PATH, or install it; it is named by "validate" in the configuration, or by --validate.',
  });
}

function shellLine(command: string, code: 'CONFIG' | 'USAGE'): string {
  const line = `sh -c ${shellWord(command)}`;
  return code === 'USAGE' ? `--validate ${shellWord(line)}` : line;
}

function metricsIn(output: string): Readonly<Record<string, number>> {
  const last = output.trimEnd().split('\n').at(-1) ?? '';
  try {
    const value: unknown = JSON.parse(last);
    if (typeof value !== 'object' || value === null) return {};
    return Object.fromEntries(
      Object.entries(value).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
    );
  } catch {
    return {};
  }
}
