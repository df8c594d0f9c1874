import { access, constants, mkdir, mkdtemp, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ForerunError, messageOf } from '../../error.ts';

/** Makes a folder of ours on this machine where it is missing, and looks whether it can be written. `of`: what is kept there. */
export async function makeFolder(folder: string, of: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await rmdir(await mkdtemp(join(folder, '.forerun-')));
  } catch (error) {
    throw unusable(folder, of, error);
  }
}

/** Looks whether it can be written, or made where it is missing; makes nothing. */
export async function ensureFolder(folder: string, of: string): Promise<void> {
  try {
    const above = await existing(folder);
    if (!(await stat(above)).isDirectory()) throw new Error(`${above} is a file`);
    await access(above, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw unusable(folder, of, error);
  }
}

/** The folder itself, or the nearest one above it that is there. */
export async function existing(folder: string): Promise<string> {
  return stat(folder).then(
    () => folder,
    (error: unknown) => {
      const isMissing = error instanceof Error && 'code' in error && missing.includes(String(error.code));
      if (!isMissing || dirname(folder) === folder) throw error;
      return existing(dirname(folder));
    },
  );
}

const missing = ['ENOENT', 'ENOTDIR'];

function unusable(folder: string, of: string, cause: unknown): ForerunError<'PROVIDER_FAILED'> {
  return new ForerunError('PROVIDER_FAILED', `The folder for ${of}, ${folder}, cannot be used: ${messageOf(cause)}.`, {
    details: {},
    next: "Let the user who runs Forerun write there, or name another folder (the provider's option folder).",
    cause,
  });
}
