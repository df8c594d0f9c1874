import { pathToFileURL } from 'node:url';
import { importAny } from '../code/import-any.ts';
import type { MigrationModule } from './config.ts';

/** Loads the file of a migration: CommonJS, an ES module, or TypeScript. */
export async function loadMigration(file: string): Promise<MigrationModule> {
  let loaded = (await importAny(pathToFileURL(file).href)) as Exported;
  // Node cannot always tell the names that a CommonJS module exports; a compiler may have wrapped them once more.
  for (let at = 0; at < 2 && typeof loaded.up !== 'function' && loaded.default !== undefined; at += 1)
    loaded = loaded.default;
  return loaded;
}

type Exported = MigrationModule & { readonly default?: Exported };
