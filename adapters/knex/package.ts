import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Knex } from 'knex';
import { ForerunError } from '../../src/error.ts';
import type { KnexConfig } from './config.ts';

export type MakeKnex = (config: KnexConfig) => Knex;

/** The package `knex` as the project has it installed, or as it is installed beside this package. */
export function knexPackage(base: string): MakeKnex {
  for (const place of [join(base, 'package.json'), import.meta.url]) {
    const required = createRequire(place);
    try {
      return required('knex') as MakeKnex;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new ForerunError('CONFIG', `The package knex is not installed in ${base}.`, {
    details: {},
    next: 'Install it: npm install knex',
  });
}
