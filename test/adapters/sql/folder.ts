import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { sql } from '../../../adapters/sql.ts';
import { ForerunError } from '../../../src/error.ts';
import type { Driver } from '../../../src/seams/driver.ts';
import type { Apply, Migration } from '../../../src/seams/source.ts';

export const createUsers = 'CREATE TABLE users (id INTEGER PRIMARY KEY);\n';
export const dropUsers = 'DROP TABLE users;\n';

/** Files by their path, a folder by a path that ends in a slash. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** A folder with these files, until the test ends. */
export async function folder(files: Files, name = 'migrations'): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'forerun-sql-'));
  onTestFinished(() => rm(parent, { recursive: true, force: true }));
  const directory = join(parent, name);
  await mkdir(directory);
  await put(directory, files);
  return directory;
}

export async function put(directory: string, files: Files): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const file = join(directory, name);
    await mkdir(name.endsWith('/') ? file : dirname(file), { recursive: true });
    if (!name.endsWith('/')) await writeFile(file, content);
  }
}

/** A driver that runs nothing and remembers which text and file each function was made from. */
export function recorder(): { readonly driver: Pick<Driver, 'script'>; of(apply: Apply | undefined): unknown } {
  const made = new Map<Apply, { text: string; file: string | undefined }>();
  return {
    driver: {
      script(text, file) {
        const apply: Apply = async () => {};
        made.set(apply, { text, file });
        return apply;
      },
    },
    of: (apply) => apply && made.get(apply),
  };
}

export function listed(directory: string): Promise<readonly Migration[]> {
  return sql({ directory, driver: recorder().driver }).migrations();
}

export async function names(directory: string): Promise<readonly string[]> {
  return (await listed(directory)).map(({ name }) => name);
}

/** The error of a call that must fail. */
export async function failure(call: Promise<unknown>): Promise<ForerunError> {
  const error = await call.then(
    () => 'nothing was thrown',
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ForerunError);
  return error as ForerunError;
}

/** The error for a folder with these files. */
export async function refusal(files: Files): Promise<ForerunError> {
  return failure(listed(await folder(files)));
}
