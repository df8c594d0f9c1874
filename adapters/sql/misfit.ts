/** Why a name fits no form, and what to do. */
export interface Misfit {
  readonly what: string;
  readonly next: string;
}

/** For the name of a file that looks like a migration and is none of the forms. */
export function misfitOfFile(file: string): Misfit {
  if (!/\.sql$/i.test(file)) return notSql(file);
  if (!file.endsWith('.sql'))
    return rename(file, 'must end in `.sql`, in small letters', file.replace(/\.sql$/i, '.sql'));
  const stem = file.slice(0, -'.sql'.length);
  if (stem.startsWith('R__')) {
    return rename(file, 'is a repeatable migration, and those are not run from here', `${example(stem.slice(3))}.sql`);
  }
  const [, letter, version, name] = /^([VU])(\d+(?:[._]\d+)*?)_*([^\d_.][^.]*)$/i.exec(stem) ?? [];
  if (letter && name) {
    const what = 'is not written as `V1__name.sql`: capital letter, version, two underscores, name';
    return rename(file, what, `${letter.toUpperCase()}${version}__${nameOf(name)}.sql`);
  }
  const [, half, role] = /^(?!\d|[VU]\d)(.*)\.(up|down)$/i.exec(stem) ?? [];
  if (half && role) return rename(file, 'has no version in front', `${example(half)}.${role.toLowerCase()}.sql`);
  if (stem.includes('.')) return dotted(file);
  return rename(file, 'fits no form of a migration', `${example(stem)}.sql`);
}

/** For the name of a folder inside the migration folder. */
export function misfitOfFolder(folder: string): Misfit {
  return {
    what: 'is a folder that fits no form of a migration, and folders are not searched for migrations',
    next: `If \`${folder}\` is a migration, rename it, for instance to \`${example(folder)}\`, with \`up.sql\` in it; if not, move it elsewhere or begin its name with \`_\`.`,
  };
}

function notSql(file: string): Misfit {
  const what = 'looks like a migration and is no `.sql` file';
  if (/\.[cm]?[jt]s$/i.test(file)) return { what, next: codeNext };
  return {
    what,
    next: `If \`${file}\` is an SQL migration, give it a name that ends in \`.sql\`; if not, move it elsewhere.`,
  };
}

/** Without the file's name, so that it is said once for all of them. */
const codeNext =
  "Migrations in JavaScript or TypeScript need a source of their own, such as Umzug: where safeUmzug of forerun/umzug makes the `migrator`, write in forerun.config.js: import { migrator } from './migrator.js'; export default migrator.config; What is no migration belongs elsewhere.";

/** What stands after a dot is somebody's word for a direction, so no name is proposed that would run it as an up. */
function dotted(file: string): Misfit {
  return {
    what: 'has a dot in its name that is neither `.up` nor `.down` behind a number',
    next: `If \`${file}\` is a migration, name it without dots, like \`001_name.sql\`, or as one of the pairs \`001_name.up.sql\` and \`001_name.down.sql\`, \`V1__name.sql\` and \`U1__name.sql\`; if not, move it elsewhere.`,
  };
}

function rename(file: string, what: string, to: string): Misfit {
  return {
    what,
    next: `If \`${file}\` is a migration, rename it, for instance to \`${to}\`; if not, move it elsewhere.`,
  };
}

/** A numbered name made of what is there, keeping the number that it begins with. */
function example(stem: string): string {
  const number = /^\d+(?:-\d+)*/.exec(stem)?.[0] ?? '';
  return `${number || '001'}_${nameOf(stem.slice(number.length))}`;
}

function nameOf(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N}]+/gu, '_').replaceAll(/^_+|_+$/g, '') || 'name';
}
