import { nearest } from './nearest.ts';

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
  return permitLines(text).flatMap(({ what, subjects }) =>
    // A name may hold spaces, commas and quotes: what stands there is also meant as one name.
    [...new Set([...subjects.split(/[\s,]+/).map(bare), bare(subjects), subjects])].map((subject) => ({
      what,
      subject,
    })),
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

/** Where a migration is a program, the advised line must be a comment of its language. */
export function permitInCode<F extends { readonly message: string }>(finding: F): F {
  const message = finding.message.replace(/(write in the migration: )--(?= forerun: allow )/, '$1//');
  return { ...finding, message };
}

/** The permit that a text was most likely meant to be, as it would stand in the configuration. */
export function nearestPermit(text: string): string {
  const words = text
    .replace(/^.*?\bforerun\b[:\s]*/i, '')
    .replace(/\*\/\s*$/, '')
    .trim()
    .split(/\s+/);
  if (nearest(words[0] ?? '', ['allow']) !== undefined) words.shift();
  const kind = nearest(words[0] ?? '', permitKinds);
  const subject = words.slice(1).join(' ');
  return kind === undefined ? `${permitKinds.join('|')} <table>` : `${kind} ${subject === '' ? '<table>' : subject}`;
}

/** A permit that permits nothing, because there is no such table. */
export interface IdlePermit {
  readonly what: PermitKind;
  readonly table: string;
  /** The table that was most likely meant. */
  readonly near?: string;
  /** 1-based. */
  readonly line: number;
}

/** The permits of a text for tables that are not among all that exist before or after. */
export function idlePermits(text: string, tables: readonly string[]): readonly IdlePermit[] {
  return permitLines(text).flatMap(({ what, subjects, line }) => {
    if ([bare(subjects), subjects].some((name) => isAmong(tables, what, name))) return [];
    return subjects
      .split(',')
      .map(firstName)
      .flatMap((table, at) => {
        if (table === '' || isAmong(tables, what, table)) return [];
        const near = nearTable(table, tables);
        // Behind a comma a reason may stand, and no name.
        if (near === undefined && at > 0) return [];
        return [{ what, table, line, ...(near === undefined ? {} : { near }) }];
      });
  });
}

/** A permit for a table that there is, which changes no finding. */
export type UnusedPermit = Omit<IdlePermit, 'near'>;

/** The permits of a text for tables that exist, without which everything is judged the same. */
export function unusedPermits(
  text: string,
  tables: readonly string[],
  isUsed: (permits: readonly Permit[]) => boolean,
): readonly UnusedPermit[] {
  return permitLines(text).flatMap(({ what, subjects, line }) => {
    if (isUsed([bare(subjects), subjects].map((subject) => ({ what, subject })))) return [];
    const whole = bare(subjects);
    const isOne = tables.some((table) => table.toLowerCase() === whole.toLowerCase());
    const names = isOne ? [whole] : subjects.split(',').map(firstName);
    return names
      .filter((table) => isAmong(tables, what, table) && !isUsed([{ what, subject: table }]))
      .map((table) => ({ what, table, line }));
  });
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

interface PermitLine {
  readonly what: PermitKind;
  /** As it stands there: one name or several. */
  readonly subjects: string;
  readonly line: number;
}

function permitLines(text: string): readonly PermitLine[] {
  return [...text.matchAll(line)].flatMap(({ 1: what, 2: subjects, index }) =>
    isPermitKind(what) && subjects ? [{ what, subjects, line: text.slice(0, index).split('\n').length }] : [],
  );
}

/** Also where the column is named behind it, or the schema before it is not. */
function nearTable(name: string, tables: readonly string[]): string | undefined {
  return [name, name.replace(/\.[^.]*$/, '')]
    .map((one) => tables.find((table) => table.toLowerCase().endsWith(`.${one.toLowerCase()}`)) ?? nearest(one, tables))
    .find((near) => near !== undefined);
}

function isAmong(tables: readonly string[], what: PermitKind, name: string): boolean {
  const wanted = name.toLowerCase();
  return tables.some((table) => {
    const known = table.toLowerCase();
    return wanted === known || (what === 'values-changed' && wanted.startsWith(`${known}.`));
  });
}

function isPermitKind(text: string | undefined): text is PermitKind {
  return permitKinds.some((kind) => kind === text);
}

/** What else stands there is a reason. */
function firstName(part: string): string {
  return bare(part.trim().split(/\s+/)[0] ?? '');
}

function bare(subject: string): string {
  return subject.replace(/["`[\]]/g, '');
}
