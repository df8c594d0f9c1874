import { basename } from 'node:path';
import { statementsOf } from '../../src/drivers/sqlite/statements.ts';
import type { Migration } from '../../src/seams/source.ts';
import { isBlank } from '../sql/blank.ts';
import type { Problem } from '../sql/problem.ts';
import type { Found } from './collect.ts';
import { systemMigrations, type Recorded } from './system.ts';

/**
 * What TrailBase would not start with, or silently never run: versions that are not the file's alone, and a V file that
 * comes behind what was applied.
 */
export function versionProblems(
  found: readonly Found[],
  applied: readonly Recorded[],
  database: string,
): readonly Problem[] {
  const latest = Math.max(0, ...applied.map(({ version }) => version));
  return found.flatMap((one, at) => {
    const other = found.slice(0, at).find(({ version }) => version === one.version);
    if (other !== undefined) return [shared(one, other)];
    const row = applied.find(({ version }) => version === one.version);
    const system = systemMigrations(database).find(({ version }) => version === one.version);
    if (system !== undefined) return [systems(one, system)];
    if (row !== undefined) return row.name === one.name ? [] : [reused(one, row)];
    return one.letter === 'V' && one.version < latest ? [late(one, latest)] : [];
  });
}

/** What TrailBase could not run of a pending file, which it runs in a transaction of its own. */
export function contentProblems({ file = '', text }: Migration): readonly Problem[] {
  if (isBlank(text)) {
    const next = `Write the statements of \`${basename(file)}\`, or take it away.`;
    return [{ file, what: 'has no statement, and would count as applied without one', next }];
  }
  const statement = statementsOf(text.replace(/^\uFEFF/, '')).find(({ kind }) => refusedKinds.has(kind));
  if (statement === undefined) return [];
  const word = /^\w*/.exec(statement.sql)?.[0].toUpperCase() ?? '';
  return [
    {
      file,
      line: statement.line,
      what: `has ${word}, which fails in TrailBase: it runs each file in a transaction of its own`,
      next: `Take ${word} out of \`${basename(file)}\`: the whole file is applied, or nothing of it.`,
    },
  ];
}

const refusedKinds: ReadonlySet<string> = new Set(['begin', 'commit', 'rollback', 'standalone']);

function shared({ file, version }: Found, other: Found): Problem {
  return {
    file,
    what: `has the version ${version}, which ${other.file} has as well: TrailBase does not start with both`,
    next: freshVersion(file),
  };
}

function systems({ file, version }: Found, { name }: Recorded): Problem {
  return {
    file,
    what: `has the version ${version}, which is that of TrailBase's own migration ${name}: one of the two is never run`,
    next: freshVersion(file),
  };
}

function reused({ file, version, name }: Found, row: Recorded): Problem {
  return {
    file,
    what: `has the version ${version}, under which ${row.name} was applied: TrailBase passes over it without an error`,
    next: `If \`${basename(file)}\` was renamed, give it its name back: ${basename(file).replace(`__${name}.`, `__${row.name}.`)}. If it is new: ${freshVersion(file)}`,
  };
}

function late({ file, version }: Found, latest: number): Problem {
  return {
    file,
    what: `is pending and has the version ${version}, and version ${latest} was applied: TrailBase does not start with a V file that comes late`,
    next: `Rename \`${basename(file)}\` to begin with U, which may come late, or give it a version above ${latest}.`,
  };
}

function freshVersion(file: string): string {
  return `Give \`${basename(file)}\` a version of its own: the second in which it was made, as in U${Math.floor(Date.now() / 1000)}__….sql`;
}
