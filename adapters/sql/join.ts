import { basename } from 'node:path';
import type { Collection, Found } from './found.ts';
import type { Form } from './forms.ts';
import type { Problem } from './problem.ts';
import { plainVersion } from './version.ts';

/** A file whose name fits a form. */
export interface Named {
  /** Absolute. */
  readonly file: string;
  readonly form: Form;
}

/** Joins `001_name.up.sql` with `001_name.down.sql`, where there is one. */
export function joinHalves(halves: readonly Named[]): Collection {
  const downs = new Map(halves.filter(isDown).map(({ file, form }) => [form.name, file]));
  const found = halves.filter(isUp).map(({ file, form: { style, version, name } }) => {
    const down = downs.get(name);
    downs.delete(name);
    return { style, version, name, up: file, ...(down === undefined ? {} : { down }) };
  });
  const problems = [...downs].map(([name, file]) => ({
    file,
    what: `has no \`${name}.up.sql\` beside it`,
    next: `Write \`${name}.up.sql\` (or give the file that \`${basename(file)}\` undoes that name), or take it away.`,
  }));
  return { found, problems };
}

/** Joins `U1__name.sql` with the `V1__name.sql` that it undoes: the one of its version, by name where there are several. */
export function joinUndos(files: readonly Named[]): Collection {
  const ups = new Map<string, Named[]>();
  for (const up of files.filter(isUp)) {
    const version = plainVersion(up.form.version);
    ups.set(version, [...(ups.get(version) ?? []), up]);
  }
  const downs = new Map<string, string>();
  const problems: Problem[] = [];
  for (const undo of files.filter(isDown)) {
    const same = ups.get(plainVersion(undo.form.version)) ?? [];
    const up = same.length > 1 ? same.find((candidate) => title(candidate) === title(undo)) : same[0];
    const taken = up && downs.get(up.file);
    if (taken) problems.push(secondUndo(undo, taken));
    else if (up) downs.set(up.file, undo.file);
    else problems.push(same.length > 1 ? doubtfulUndo(undo) : loneUndo(undo));
  }
  const found = files.filter(isUp).map(({ file, form: { style, version, name } }): Found => {
    const down = downs.get(file);
    return { style, version, name, up: file, ...(down === undefined ? {} : { down }) };
  });
  return { found, problems };
}

function isUp({ form }: Named): boolean {
  return form.role === 'up';
}

function isDown({ form }: Named): boolean {
  return form.role === 'down';
}

/** The name without letter and version. */
function title({ form }: Named): string {
  return form.name.slice(form.name.indexOf('__'));
}

function secondUndo({ file }: Named, taken: string): Problem {
  return {
    file,
    what: `undoes a version that ${basename(taken)} undoes already`,
    next: `Keep one of \`${basename(file)}\` and \`${basename(taken)}\`.`,
  };
}

function doubtfulUndo({ file, form: { version } }: Named): Problem {
  return {
    file,
    what: `could undo several files of version ${version}, and is called like none of them`,
    next: `Rename \`${basename(file)}\` like the V file that it undoes, or give each V file a version of its own.`,
  };
}

function loneUndo({ file, form: { version, name } }: Named): Problem {
  return {
    file,
    what:
      `has no \`V${version}__….sql\` beside it that it could undo. Here a U file is what it is in Flyway, ` +
      'the way back of the V file of its version; in TrailBase, U and V files are both ups',
    next: `If \`${name}.sql\` is a way back, put its \`V${version}__….sql\` beside it; if it is an up, rename it to \`V${name.slice(1)}.sql\`. A depot of TrailBase's is served by --adapter trailbase.`,
  };
}
