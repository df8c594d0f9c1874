import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { configFile, fromEnvironment } from './config-file.ts';
import type { Package } from './package-file.ts';

/** The lines by which a project's own migrator becomes safe, and those by which the command line knows it. */
export async function umzugAdvice(
  folder: string,
  pack: Package | undefined,
  databases: readonly string[],
): Promise<string> {
  const place = await constructorIn(folder);
  const config = await configFile(folder, pack);
  const advice = config.exists ? [] : ['', ...configAdvice(config.name, place?.file)];
  if (place?.wrapped === true)
    return [`${place.file} makes its Umzug safe already: npm run <your script> -- up --safe`, ...advice].join('\n');
  const [database = 'app.db'] = databases;
  const address = database === fromEnvironment ? database : `process.env.DATABASE_URL ?? '${database}'`;
  const isModule = place === undefined ? pack?.content['type'] === 'module' : isEsm(place.file, pack);
  return [
    `${place === undefined ? 'Where the project makes its Umzug' : `In ${place.file}, line ${place.line}`}, wrap it:`,
    '',
    ...(place === undefined || place.imports
      ? ["  import { safeUmzug } from 'forerun/umzug';", '', '  export const umzug = safeUmzug(']
      : ["  const { safeUmzug } = require('forerun/umzug');", '', '  exports.umzug = safeUmzug(']),
    '    new Umzug({ /* as it is now */ }),',
    '    {',
    `      database: ${address},`,
    '      context: (target, connection) => connection, // what migrations get, for main and for a branch',
    `      module: ${isModule ? 'import.meta.url' : '__filename'}, // what a rehearsal loads, in a process that cannot open main`,
    '    },',
    '  );',
    '',
    'It stays an Umzug. From then on: npm run <your script> -- up --safe',
    ...advice,
  ].join('\n');
}

/** Whether the project's own code makes an Umzug. */
export async function makesUmzug(folder: string): Promise<boolean> {
  return (await constructorIn(folder)) !== undefined;
}

function configAdvice(name: string, migrator: string | undefined): readonly string[] {
  return [
    `For npx forerun status, repair, diff, rollback and the others, write ${name}:`,
    '',
    `  import { umzug } from '${migrator === undefined ? '<that file>' : `./${migrator}`}';`,
    '',
    '  export default umzug.config;',
  ];
}

/** Whether what a file becomes is an ES module. */
function isEsm(file: string, pack: Package | undefined): boolean {
  const [, kind] = /\.([cm]?)[jt]s$/.exec(file) ?? [];
  return kind === 'm' || (kind === '' && pack?.content['type'] === 'module');
}

/** Folders that migrators are usually in; the root first. */
const usual = ['.', 'src', 'scripts', 'db', 'migrations', 'src/db', 'bin'];

interface Place {
  readonly file: string;
  readonly line: number;
  /** Whether it is written with `import`, and not with `require`. */
  readonly imports: boolean;
  /** Whether that file speaks of `safeUmzug`. */
  readonly wrapped: boolean;
}

/** The first `new Umzug(` or `safeUmzug(` in the usual places. */
async function constructorIn(folder: string): Promise<Place | undefined> {
  for (const place of usual) {
    const names = await readdir(join(folder, place)).catch(() => []);
    for (const name of names.filter((candidate) => /\.[cm]?[jt]s$/.test(candidate)).sort()) {
      const text = await readFile(join(folder, place, name), 'utf8').catch(() => '');
      const at = text.search(/new\s+Umzug\s*[<(]|\bsafeUmzug\s*[<(]/);
      if (at < 0) continue;
      const file = `${place === '.' ? '' : `${place}/`}${name}`;
      return {
        file,
        line: text.slice(0, at).split('\n').length,
        imports: /^\s*import\b/m.test(text),
        wrapped: /\bsafeUmzug\s*[<(]/.test(text),
      };
    }
  }
  return undefined;
}
