import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ForerunError, messageOf } from '../../src/error.ts';
import { placeholder } from './blank.ts';
import { collect } from './collect.ts';
import { readSqlFile } from './file.ts';
import type { Found } from './found.ts';
import { firstMarker } from './sections.ts';
import { nextVersion } from './version.ts';

/**
 * Writes a new migration in the form of the newest one in the folder, with a version after it, and answers with the
 * absolute paths written. An empty folder gets `<timestamp>_name.sql` with sections; an absent one is created. Never
 * overwrites. In place of statements stands a comment, and `sql` refuses the migration until they are written.
 */
export async function createSqlMigration(directory: string, name: string, now: Date): Promise<readonly string[]> {
  const slug = slugOf(name);
  const folder = resolve(directory);
  makeFolder(folder);
  const last = collect(folder).found.at(-1);
  const drafts = draftsLike(last, nextVersion(last?.version, now), slug);
  return writeNew(drafts.map((draft) => ({ ...draft, file: join(folder, draft.file) })));
}

interface Draft {
  readonly file: string;
  readonly text: string;
}

const upText = `${placeholder}\n`;
const downText = '-- The statements that undo it go here; without any, there is no way back.\n';
const sectionsText = `-- migrate:up\n${upText}\n-- migrate:down\n${downText}`;

/** A name as it can stand in a file's name; throws `USAGE` where nothing of it can. */
export function slugOf(name: string): string {
  const plain = name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2');
  const slug = plain
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_|_$/g, '');
  if (slug) return slug;
  throw new ForerunError(
    'USAGE',
    `A migration cannot be called \`${name}\`: the name has no letter from a to z and no digit.`,
    {
      details: {},
      next: 'Give it a name such as `add_users`.',
    },
  );
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new ForerunError('CONFIG', `The migration folder ${folder} cannot be created (${messageOf(error)}).`, {
      details: {},
      next: 'Create it, or name another one.',
      cause: error,
    });
  }
}

function draftsLike(last: Found | undefined, version: string, slug: string): readonly Draft[] {
  const name = `${version}_${slug}`;
  switch (last?.style) {
    case undefined:
      return [{ file: `${name}.sql`, text: sectionsText }];
    case 'number':
      return [{ file: `${name}.sql`, text: hasSections(last) ? sectionsText : upText }];
    case 'v':
      return [
        { file: `V${version}__${slug}.sql`, text: hasSections(last) ? sectionsText : upText },
        ...(last.down === undefined ? [] : [{ file: `U${version}__${slug}.sql`, text: downText }]),
      ];
    case 'pair':
      return [
        { file: `${name}.up.sql`, text: upText },
        { file: `${name}.down.sql`, text: downText },
      ];
    case 'folder':
      return [
        { file: join(name, 'up.sql'), text: upText },
        { file: join(name, 'down.sql'), text: downText },
      ];
  }
}

function hasSections(found: Found): boolean {
  const text = readSqlFile(found.up, () => {})?.text;
  return text !== undefined && firstMarker(text) !== undefined;
}

function writeNew(drafts: readonly Draft[]): readonly string[] {
  const written: string[] = [];
  for (const { file, text } of drafts) {
    try {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, '', { flag: 'wx' });
      written.push(file);
      writeFileSync(file, text);
    } catch (error) {
      for (const other of written) rmSync(other);
      throw new ForerunError('BAD_MIGRATION', `${file} cannot be written (${messageOf(error)}).`, {
        details: { where: { file } },
        next: 'Nothing was created. Nothing that exists is overwritten: take it away, or make the folder writable.',
        cause: error,
      });
    }
  }
  return written;
}
