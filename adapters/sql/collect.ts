import { basename, join } from 'node:path';
import { readFolder } from './folder.ts';
import type { Collection, Found } from './found.ts';
import { formOfFile, versionOfFolder } from './forms.ts';
import type { Form } from './forms.ts';
import { misfitOfFile, misfitOfFolder } from './misfit.ts';
import { joinHalves, joinUndos } from './join.ts';
import type { Named } from './join.ts';
import type { Problem } from './problem.ts';
import { compareVersions } from './version.ts';

/**
 * Finds the migrations of a folder, in order, and everything in it that looks like one and is none. The order is by
 * version, then by name in the order of character codes, so that it is the same on every machine.
 */
export function collect(directory: string): Collection {
  const { files, folders, problems } = readFolder(directory);
  const parts = [fromFiles(directory, files), ...folders.map((folder) => fromFolder(join(directory, folder)))];
  const found = parts
    .flatMap((part) => part.found)
    .toSorted((a, b) => compareVersions(a.version, b.version) || (a.name < b.name ? -1 : 1));
  return {
    found,
    problems: [...problems, ...parts.flatMap((part) => part.problems), ...namesakes(found), ...loneDowns(found)],
  };
}

function fromFiles(directory: string, files: readonly string[]): Collection {
  const named: Named[] = [];
  const misfits: Problem[] = [];
  for (const name of files) {
    const form = formOfFile(name);
    if (form) named.push({ file: join(directory, name), form });
    else misfits.push({ file: join(directory, name), ...misfitOfFile(name) });
  }
  const of = (style: Form['style']): readonly Named[] => named.filter(({ form }) => form.style === style);
  const plain = of('number').map(({ file, form: { style, version, name } }) => ({ style, version, name, up: file }));
  const [pairs, versioned] = [joinHalves(of('pair')), joinUndos(of('v'))];
  return {
    found: [...plain, ...pairs.found, ...versioned.found],
    problems: [...misfits, ...pairs.problems, ...versioned.problems],
  };
}

function fromFolder(folder: string): Collection {
  const name = basename(folder);
  const version = versionOfFolder(name);
  if (version === undefined) return { found: [], problems: [{ file: folder, ...misfitOfFolder(name) }] };
  const { files, folders, problems } = readFolder(folder);
  const strange = [...files, ...folders].filter((entry) => entry !== 'up.sql' && entry !== 'down.sql');
  const all = [
    ...problems,
    ...strange.map((entry) => ({
      file: join(folder, entry),
      what: 'is neither `up.sql` nor `down.sql`',
      next: `The folder of a migration holds \`up.sql\` and, if there is a way back, \`down.sql\`: move \`${entry}\` elsewhere.`,
    })),
  ];
  if (!files.includes('up.sql')) {
    return {
      found: [],
      problems: [
        ...all,
        { file: folder, what: 'has no `up.sql`', next: `Write \`up.sql\` in \`${name}\`, or take the folder away.` },
      ],
    };
  }
  const down = files.includes('down.sql') ? { down: join(folder, 'down.sql') } : {};
  return { found: [{ style: 'folder', version, name, up: join(folder, 'up.sql'), ...down }], problems: all };
}

/** The history keeps one row a name, so two files must not share one. */
function namesakes(found: readonly Found[]): readonly Problem[] {
  const first = new Map<string, Found>();
  return found.flatMap((migration) => {
    const other = first.get(migration.name);
    first.set(migration.name, other ?? migration);
    if (!other) return [];
    return [
      {
        file: migration.up,
        what: `has the same name in the history, \`${migration.name}\`, as ${other.up}`,
        next: `Keep one of the two that are called \`${migration.name}\`, or rename the one that was never applied.`,
      },
    ];
  });
}

/** `001_x_down.sql` beside `001_x.sql` would run as a migration of its own, right after the one that it undoes. */
function loneDowns(found: readonly Found[]): readonly Problem[] {
  const plain = found.filter(({ style }) => style === 'number');
  const names = new Set(plain.map(({ name }) => name));
  return plain.flatMap(({ name, up }) => {
    const undone = /^(.+)[_-](?:down|undo|rollback|revert)$/i.exec(name)?.[1];
    const other = undone && [undone, `${undone}_up`, `${undone}-up`].find((candidate) => names.has(candidate));
    if (!other) return [];
    return [
      {
        file: up,
        what: `looks like the way back of ${other}.sql, and its name makes it a migration that is run after it`,
        next: `If it is, rename the two to \`${undone}.up.sql\` and \`${undone}.down.sql\`; if not, give \`${basename(up)}\` a version of its own.`,
      },
    ];
  });
}
