import type { Recorded } from './system.ts';

/** The name of a migration file, taken apart as TrailBase does. */
export interface FileName extends Recorded {
  /** `V`: TrailBase refuses it behind a later version that was applied. `U`: it may come late. */
  readonly letter: 'U' | 'V';
}

/** Why TrailBase would not run a file of that name, continuing a sentence that begins with the file. */
export interface BadName {
  readonly what: string;
  readonly next: string;
}

/** Everything that a letter of Rust's `\w` is. */
const word = String.raw`[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]+`;
const form = new RegExp(String.raw`^([U|V])(\p{Nd}+(?:\.\p{Nd}+)?)__(${word})\.sql$`, 'u');

/** The highest version that TrailBase can read: a second in January 2038. */
export const highestVersion = 2_147_483_647;

/** Undefined for a file that TrailBase passes over, and that nobody can have meant for a migration. */
export function readName(file: string): FileName | BadName | undefined {
  const [, letter, version = '', name = ''] = form.exec(file) ?? [];
  if (letter === undefined) return looksLikeOne(file) ? passedOver(file) : undefined;
  if (letter === '|') {
    return { what: 'begins with `|`, at which TrailBase ends with a panic', next: rename(file, `U${file.slice(1)}`) };
  }
  if (!/^\d+$/.test(version) || BigInt(version) > BigInt(highestVersion)) {
    return {
      what: `has the version ${version}, and TrailBase does not start with one that is no whole number up to ${highestVersion}`,
      next: rename(file, `${letter}<seconds since 1970>__${name}.sql`),
    };
  }
  return { letter: letter === 'U' ? 'U' : 'V', version: Number(version), name };
}

/** As the file is called, without its ending; leading zeros of the version vanish, as in TrailBase. */
export function nameOf({ letter, version, name }: FileName): string {
  return `${letter}${version}__${name}`;
}

/** Takes a migration's name apart; undefined for one that is none of TrailBase's. */
export function partsOf(migration: string): FileName | undefined {
  const parts = readName(`${migration}.sql`);
  return parts !== undefined && 'letter' in parts ? parts : undefined;
}

function looksLikeOne(file: string): boolean {
  return !file.startsWith('.') && (/\.sql$/i.test(file) || /^[UV|]\d.*__(?!.*~$)/i.test(file));
}

function passedOver(file: string): BadName {
  const [, letter = 'U', version, rest = file] = /^([UV]?)[^\d]*(\d+)_*(.*)$/i.exec(file) ?? [];
  const name = rest.replace(/\.sql$/i, '').replaceAll(/[^\p{L}\p{N}_]+/gu, '_');
  return {
    what: 'is not named as TrailBase wants it (U or V, a number, two underscores, letters, digits and underscores, .sql), and TrailBase passes over it without an error',
    next: rename(file, `${letter.toUpperCase() || 'U'}${version ?? '<seconds since 1970>'}__${name || 'name'}.sql`),
  };
}

function rename(file: string, to: string): string {
  return `If \`${file}\` is a migration, rename it, for instance to \`${to}\`; if not, move it elsewhere.`;
}
