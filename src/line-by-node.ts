import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';

/**
 * The line at which Node cannot read a module, which it tells to a terminal alone, not to the program that imports it;
 * undefined where it can.
 */
export function lineByNode(file: string): string | undefined {
  const { stderr } = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8', timeout: 5000 });
  return [file, pathToFileURL(file).href]
    .map((name) => /^\d+/.exec(stderr.split(`${name}:`)[1] ?? '')?.[0])
    .find((at) => at !== undefined);
}
