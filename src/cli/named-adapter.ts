import { ForerunError } from '../error.ts';
import { nearest } from '../nearest.ts';
import type { Adapter } from '../seams/adapter.ts';

/** Plain SQL is what there is without an adapter. */
const adapters: Readonly<Record<string, () => Promise<Adapter | undefined>>> = {
  sql: async () => undefined,
  knex: async () => (await import('../../adapters/knex.ts')).knex(),
  prisma: async () => (await import('../../adapters/prisma.ts')).prisma(),
  trailbase: async () => (await import('../../adapters/trailbase.ts')).trailbase(),
  command: async () => (await import('../../adapters/command.ts')).withoutCommand(),
};

/** The adapter that `--adapter` names, with its defaults; a configuration can say more. Undefined for plain SQL. */
export async function namedAdapter(name: string): Promise<Adapter | undefined> {
  const make = Object.hasOwn(adapters, name) ? adapters[name] : undefined;
  if (make !== undefined) return make();
  const known = Object.keys(adapters);
  const near = nearest(name, known);
  const umzug =
    'Umzug runs by its own program: wrap the instance with safeUmzug of forerun/umzug, then run that program with --safe.';
  throw new ForerunError(
    'USAGE',
    `There is no adapter "${name}"${near === undefined ? '' : ` (did you mean ${near}?)`}. There is: ${known.join(', ')}.`,
    {
      details: {},
      next:
        name === 'umzug'
          ? umzug
          : 'Leave --adapter out, or give one of these. Migrations of another framework are named by `source` in the configuration.',
    },
  );
}
