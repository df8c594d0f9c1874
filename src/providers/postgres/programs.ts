import { readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { ForerunError } from '../../error.ts';

export interface Program {
  readonly path: string;
  readonly major: number;
}

export interface Wanted {
  readonly name: string;
  /** Major version of the server. */
  readonly major: number;
  /** Whether a newer one does as well: clients work with older servers, data folders do not. */
  readonly newer: boolean;
  /** Debian's package without its version, for the message. */
  readonly debian: 'postgresql' | 'postgresql-client';
  /** Where the user says that PostgreSQL's programs are. */
  readonly bin?: string | undefined;
}

/**
 * Finds one of PostgreSQL's own programs: the folder that the user names, else Debian's layout, `PATH`, and what
 * `pg_config` says. Takes the server's version, else the next newer one. Throws naming both versions and the package.
 */
export async function findProgram(wanted: Wanted): Promise<Program> {
  const folders = wanted.bin === undefined ? await likelyFolders() : [wanted.bin];
  const found: Program[] = [];
  for (const folder of new Set(folders)) {
    const path = join(folder, wanted.name);
    const major = await majorOf(path);
    if (major !== undefined) found.push({ path, major });
    if (major === wanted.major) break;
  }
  const fits = found.filter(({ major }) => major === wanted.major || (wanted.newer && major > wanted.major));
  const best = fits.toSorted((a, b) => a.major - b.major)[0];
  if (best !== undefined) return best;
  throw missing(wanted, found);
}

/** Debian's come before `PATH`, where Debian has a script that chooses a version by rules of its own. */
async function likelyFolders(): Promise<readonly string[]> {
  const debian = '/usr/lib/postgresql';
  const majors = await readdir(debian).catch(() => []);
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...majors.map((major) => join(debian, major, 'bin')), ...path, ...(await configured())];
}

async function configured(): Promise<readonly string[]> {
  const { execa } = await import('execa');
  const { stdout, failed } = await execa('pg_config', ['--bindir'], { reject: false });
  return failed ? [] : [stdout.trim()];
}

/** `pg_dump (PostgreSQL) 15.18 (Debian …)`; undefined where there is no such program. */
async function majorOf(path: string): Promise<number | undefined> {
  const { execa } = await import('execa');
  const { stdout, failed } = await execa(path, ['--version'], { reject: false, cwd: '/' });
  const major = failed ? undefined : /\(PostgreSQL\) (\d+)/.exec(stdout)?.[1];
  return major === undefined ? undefined : Number(major);
}

function missing(wanted: Wanted, found: readonly Program[]): ForerunError<'PROVIDER_FAILED'> {
  const { name, major } = wanted;
  const others = found.map((program) => `${program.path} is of version ${program.major}`).join(', ');
  const why = found.length === 0 ? 'there is none' : others;
  return new ForerunError(
    'PROVIDER_FAILED',
    `The server is PostgreSQL ${major}, which needs its ${name}, and ${why}.`,
    {
      details: {},
      next: `Install it (Debian, Ubuntu: apt install ${wanted.debian}-${major}), or say where it is (the provider's option bin).`,
    },
  );
}
