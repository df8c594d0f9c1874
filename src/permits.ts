/**
 * What a migration's author allows in the open: a line `-- forerun: allow <what> <subject>` in the up file (`//` and
 * `#` comments alike), or `allow` in the policy. Only what is named is allowed, and the report says that it was used.
 */
export interface Permit {
  readonly what: PermitKind;
  /** A table, or `table.column`. */
  readonly subject: string;
}

export const permitKinds = ['rows-lost', 'values-changed'] as const;
export type PermitKind = (typeof permitKinds)[number];

const line = /(?:--|\/\/|#|\*)[ \t]*forerun:[ \t]*allow[ \t]+(\S+)[ \t]+(.+?)[ \t]*(?:\*\/)?\r?$/gim;

export function permitsIn(text: string): readonly Permit[] {
  return [...text.matchAll(line)].flatMap(([, what, subjects]) =>
    isPermitKind(what) && subjects
      ? // A name may hold spaces, commas and quotes: what stands there is also meant as one name.
        [...new Set([...subjects.split(/[\s,]+/).map(bare), bare(subjects), subjects])].map((subject) => ({
          what,
          subject,
        }))
      : [],
  );
}

/** A permit in a file that was applied already would change it: the finding says where else it can stand. */
export function permitInConfig<F extends { readonly message: string }>(finding: F): F {
  const message = finding.message.replace(
    /write in the migration: -- forerun: allow (.+?)\.?$/,
    (_, permit: string) => `write in the configuration: allow: ['${permit.replaceAll("'", "\\'")}']`,
  );
  return { ...finding, message };
}

/** Lines that begin as a permit does and are none, 1-based: a misspelt permit permits nothing, and that is said. */
export function misreadPermits(text: string): readonly { readonly line: number; readonly text: string }[] {
  return text
    .split('\n')
    .map((content, at) => ({ line: at + 1, text: content.trim() }))
    .filter((found) => /(?:--|\/\/|#|\*)[ \t]*forerun\b/i.test(found.text) && permitsIn(found.text).length === 0);
}

/** Whether a permit covers a table, or one column of it. Names compare as SQL identifiers do: case does not count. */
export function permits(all: readonly Permit[], what: PermitKind, table: string, column?: string): boolean {
  const names = [table, ...(column === undefined ? [] : [`${table}.${column}`])].map((name) => name.toLowerCase());
  return all.some((permit) => permit.what === what && names.includes(permit.subject.toLowerCase()));
}

function isPermitKind(text: string | undefined): text is PermitKind {
  return permitKinds.some((kind) => kind === text);
}

function bare(subject: string): string {
  return subject.replace(/["`[\]]/g, '');
}
