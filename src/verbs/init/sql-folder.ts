import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { formOfFile, versionOfFolder } from '../../../adapters/sql/forms.ts';

/** Where projects keep SQL migrations, the most usual first. */
const usual = [
  'migrations',
  'db/migrations',
  'database/migrations',
  'sql/migrations',
  'src/migrations',
  'db/migrate',
  'sql',
  'db',
];

/** The first of the usual folders with anything in it that is named as a plain SQL migration. */
export function findSqlFolder(folder: string): string | undefined {
  return usual.find((name) => holdsMigration(join(folder, name)));
}

/** The first of these folders with a numbered file of JavaScript or TypeScript in it, and the first such file. */
export function findCodeMigrations(folder: string): { readonly folder: string; readonly file: string } | undefined {
  for (const name of usual) {
    const file = listed(join(folder, name))
      .toSorted()
      .find((candidate) => /^\d.*(?<!\.d)\.[cm]?[jt]s$/.test(candidate));
    if (file !== undefined) return { folder: name, file };
  }
  return undefined;
}

function holdsMigration(folder: string): boolean {
  return listed(folder).some((name) => {
    if (formOfFile(name) !== undefined) return true;
    return versionOfFolder(name) !== undefined && listed(join(folder, name)).includes('up.sql');
  });
}

/** Nothing for what is no folder. */
function listed(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
