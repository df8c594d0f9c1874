import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Driver } from '../../src/seams/driver.ts';
import type { Migration } from '../../src/seams/source.ts';
import { isBlank } from '../sql/blank.ts';
import { readUtf8, readSqlFile, sqlFileOf } from '../sql/file.ts';
import { problemsError, type Problem } from '../sql/problem.ts';

/** A migration of Prisma's, and the bytes of its file as they are. */
export interface Listed {
  readonly migration: Migration;
  readonly bytes: Buffer;
}

/**
 * Every folder of the migrations folder in the order of their names, as Prisma has it; nothing where there is no such
 * folder. Throws `BAD_MIGRATION` with all that cannot be a migration.
 */
export function listMigrations(folder: string, driver: Pick<Driver, 'script'>): readonly Listed[] {
  const problems: Problem[] = [];
  const names = foldersIn(folder);
  const listed = names.map((name) =>
    read(folder, name, versionOf(name, names), driver, (problem) => problems.push(problem)),
  );
  const [first, ...others] = problems;
  if (first) throw problemsError(folder, [first, ...others]);
  return listed.filter((one) => one !== undefined);
}

export function foldersIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return entries.map((entry) => entry.name).toSorted();
}

/** The moment in its name, unless another has the same: only the names are unique to Prisma. */
function versionOf(name: string, all: readonly string[]): string {
  const version = /^\d+(?=_)/.exec(name)?.[0];
  const shared = all.some((other) => other !== name && other.startsWith(`${version}_`));
  return version === undefined || shared ? name : version;
}

function read(
  folder: string,
  name: string,
  version: string,
  driver: Pick<Driver, 'script'>,
  report: (problem: Problem) => void,
): Listed | undefined {
  const file = join(folder, name, 'migration.sql');
  if (!existsSync(file)) {
    report({
      file: join(folder, name),
      what: 'has no migration.sql',
      next: `Bring ${file} back from version control, or take the folder away if it was never applied.`,
    });
    return undefined;
  }
  const bytes = readUtf8(file, report);
  if (bytes === undefined) return undefined;
  const { text, checksum } = sqlFileOf(bytes);
  const up = driver.script(text, file);
  return {
    bytes,
    migration: { version, name, text, checksum, file, language: 'sql', up, ...downOf(folder, name, driver, report) },
  };
}

/** Prisma runs none itself; the place is the one that its guide has for it. */
function downOf(
  folder: string,
  name: string,
  driver: Pick<Driver, 'script'>,
  report: (problem: Problem) => void,
): Pick<Migration, 'down' | 'downFile'> {
  const downFile = join(folder, name, 'down.sql');
  const text = existsSync(downFile) ? readSqlFile(downFile, report)?.text : undefined;
  return text === undefined || isBlank(text) ? {} : { down: driver.script(text, downFile), downFile };
}
