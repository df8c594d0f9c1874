import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Package } from './package-file.ts';
import type { Framework } from './framework.ts';

/** Where knexfiles are, the likeliest first. */
const usual = ['.', 'db', 'database', 'src', 'src/db', 'src/database', 'config', 'knex'];

/** What is to be written for a project on Knex; undefined where there is no knexfile. */
export async function knexFramework(folder: string, pack: Package | undefined): Promise<Framework | undefined> {
  for (const place of usual) {
    const names = await readdir(join(folder, place)).catch((): string[] => []);
    const name = names.sort().find((candidate) => /^knexfile\.[cm]?[jt]s$/.test(candidate));
    if (name === undefined) continue;
    const file = place === '.' ? name : `${place}/${name}`;
    return {
      found: `knex (${file})`,
      adapter: 'knex',
      ...(place === '.' ? {} : { options: `{ knexfile: '${file}' }` }),
      missing: pack?.uses('knex') === false ? ['knex'] : [],
    };
  }
  return undefined;
}
