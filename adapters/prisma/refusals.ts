import { existsSync } from 'node:fs';
import { ForerunError } from '../../src/error.ts';
import { meantFolder } from '../../src/nearest-folder.ts';
import { shellWord } from '../../src/shell-word.ts';
import type { Target } from '../../src/seams/target.ts';
import type { Project } from './project.ts';
import type { PrismaRow, RecordSql } from './record.ts';

/** Prisma's P3009: a migration was begun and not finished, and what is on main of it only a person can tell. */
export function unfinished(failed: readonly PrismaRow[], { table }: RecordSql): ForerunError<'NEEDS_PERSON'> {
  const names = failed.map(({ name }) => name);
  const said = failed.map(({ name, startedAt }) => `${name} (begun on ${startedAt})`).join(', ');
  const [first = ''] = names;
  const word = shellWord(first);
  return new ForerunError(
    'NEEDS_PERSON',
    `Prisma began ${said} and did not finish: ${table} says so, and main may hold a part of it. Nothing is applied until a person has said what became of it (Prisma's P3009).`,
    {
      details: { migration: first },
      next: [
        `Look at what main holds of ${names.length === 1 ? first : 'each of them, one after the other'}.`,
        `Where nothing of it is left, or once you have undone what is: npx prisma migrate resolve --rolled-back ${word}`,
        `(without Prisma's engine the same is: UPDATE ${table} SET rolled_back_at = CURRENT_TIMESTAMP WHERE migration_name = '${first.replaceAll("'", "''")}' AND finished_at IS NULL).`,
        `Where all of it is there: npx prisma migrate resolve --applied ${word}, or: forerun baseline ${word}.`,
        'Or go back to a checkpoint from before: forerun checkpoints, then forerun rollback <checkpoint>.',
      ].join('\n'),
    },
  );
}

/** Prisma's P3005: a database with tables of which Prisma's record says nothing. */
export function notBaselined(main: Target, migrations: readonly string[], sql: RecordSql): ForerunError<'BAD_TARGET'> {
  const word = shellWord(migrations[0] ?? '<migration>');
  return new ForerunError(
    'BAD_TARGET',
    `The database ${main.url} has tables, and no ${sql.table} that says which migrations made them (Prisma's P3005). Nothing was written.`,
    {
      details: { target: main.url },
      next: [
        'Say which migrations it has already, the last one of them: forerun baseline <migration>',
        `(with Prisma itself, for each of them: npx prisma migrate resolve --applied ${word}).`,
        'If it is to have none of these tables, this is the wrong database, or it is to be emptied first.',
      ].join('\n'),
    },
  );
}

/** Prisma worked on main since the rehearsal began. */
export function movedOn(name: string, other: string): ForerunError<'STALE_BRANCH'> {
  const what = other === name ? `applied ${name}` : `began ${other} and did not finish it`;
  return new ForerunError('STALE_BRANCH', `Meanwhile Prisma ${what} on main.`, {
    details: {},
    next: 'Run again: the plan is made anew from what main holds now.',
  });
}

/** A folder that is named and absent is misspelt; beside the schema there is none before the first migration. */
export function refuseNoFolder({ config }: Project): void {
  if (config?.migrations === undefined || existsSync(config.migrations)) return;
  throw new ForerunError(
    'CONFIG',
    `The folder of migrations that ${config.file} names does not exist: ${config.migrations}`,
    {
      details: { file: config.file },
      next: `${meantFolder(config.migrations)}Correct migrations.path there; the first migration is made by: npx forerun create <name>`,
    },
  );
}
