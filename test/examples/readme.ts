import { readFile, writeFile } from 'node:fs/promises';
import { execa } from 'execa';

/** One command of a README and what it printed. */
export interface Shown {
  readonly command: string;
  readonly output: string;
}

/**
 * Runs every line behind `$ ` in the console blocks of a README, in order, and answers with what the README shows and
 * what was printed on stdout. With UPDATE_README set, writes what was printed into the README.
 */
export async function runReadme(
  readme: string,
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly shown: readonly Shown[]; readonly printed: readonly Shown[] }> {
  const text = await readFile(readme, 'utf8');
  const shown: Shown[] = [];
  const printed: Shown[] = [];
  let updated = text;
  for (const [block, body = ''] of text.matchAll(/```console\n(.*?)```/gs)) {
    const commands = parse(body);
    const outputs: Shown[] = [];
    for (const { command } of commands) outputs.push({ command, output: await run(command, cwd, env) });
    shown.push(...commands);
    printed.push(...outputs);
    updated = updated.replace(block, () => `\`\`\`console\n${outputs.map(inConsole).join('')}\`\`\``);
  }
  if (process.env['UPDATE_README'] !== undefined) await writeFile(readme, updated.replaceAll(cwd, '/shop'));
  return { shown, printed };
}

/** What differs from run to run and machine to machine: times, dates, ids, sizes, paths; and the widths that they take. */
export function masked(shown: readonly Shown[], cwd: string): readonly Shown[] {
  return shown.map(({ command, output }) => ({
    command,
    output: output
      .replaceAll(cwd, '/shop')
      .replace(/\b[\d.]+ (ms|s|min)\b/g, '<time>')
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<date>')
      .replace(/\b(cp|br)_\w+/g, '$1_<id>')
      .replace(/\b[\d.]+ (B|kB|MB)\b/g, '<size>')
      .replace(/127\.0\.0\.1:\d+/g, '<server>')
      .replace(/\b(reflink|backup|copy)\b/g, '<way>')
      .replace(/(just now|\d+ \w+ ago)/g, '<age>')
      .replace(/[ \t]+/g, ' ')
      .trim(),
  }));
}

function parse(body: string): readonly Shown[] {
  return body
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [command = '', ...lines] = part.split('\n');
      return { command, output: lines.join('\n').trimEnd() };
    });
}

function inConsole({ command, output }: Shown): string {
  return `$ ${command}\n${output === '' ? '' : `${output}\n`}`;
}

async function run(command: string, cwd: string, env: Readonly<Record<string, string>>): Promise<string> {
  const { stdout, stderr, exitCode } = await execa('bash', ['-c', command], {
    cwd,
    reject: false,
    env: { NO_COLOR: '1', npm_config_loglevel: 'error', DATABASE_URL: undefined, ...env },
  });
  if (exitCode !== 0) throw new Error(`${command} exited with ${String(exitCode)}\n${stdout}\n${stderr}`);
  return stdout.trimEnd();
}
