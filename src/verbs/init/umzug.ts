import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fromEnvironment } from './config-file.ts';

/** The lines by which a project's own migrator becomes safe. */
export async function umzugAdvice(folder: string, databases: readonly string[]): Promise<string> {
  const place = await constructorIn(folder);
  const [database = 'app.db'] = databases;
  const address = database === fromEnvironment ? database : `process.env.DATABASE_URL ?? '${database}'`;
  return [
    `${place === undefined ? 'Where the project makes its Umzug' : `In ${place}`}, wrap it:`,
    '',
    "  import { safeUmzug } from 'forerun/umzug';",
    '',
    '  export const umzug = safeUmzug(new Umzug({ /* as it is now */ }), {',
    `    database: ${address},`,
    '    context: (target, connection) => connection, // what migrations get, for main and for a branch',
    '  });',
    '',
    'It stays an Umzug. From then on: npm run <your script> -- up --safe',
    'For forerun status, diff, rollback and the others, a forerun.config.ts says: export default umzug.config',
  ].join('\n');
}

/** Folders that migrators are usually in; the root first. */
const usual = ['.', 'src', 'scripts', 'db', 'migrations', 'src/db', 'bin'];

/** `file:line` of the first `new Umzug(` in the usual places. */
async function constructorIn(folder: string): Promise<string | undefined> {
  for (const place of usual) {
    const names = await readdir(join(folder, place)).catch(() => []);
    for (const name of names.filter((candidate) => /\.[cm]?[jt]s$/.test(candidate)).sort()) {
      const text = await readFile(join(folder, place, name), 'utf8').catch(() => '');
      const at = text.search(/new\s+Umzug\s*[<(]/);
      if (at >= 0) return `${place === '.' ? '' : `${place}/`}${name}, line ${text.slice(0, at).split('\n').length}`;
    }
  }
  return undefined;
}
