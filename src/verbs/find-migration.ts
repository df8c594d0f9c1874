import { ForerunError } from '../error.ts';
import { nearest } from '../nearest.ts';
import { withVersion } from '../with-version.ts';

interface Named {
  readonly version: string;
  readonly name: string;
}

/** The migration that a person means by a name or a version. Throws `NOT_FOUND` with the nearest name. */
export function findMigration<Found extends Named>(migrations: readonly Found[], nameOrVersion: string): Found {
  const named = migrations.find((migration) => migration.name === nameOrVersion);
  if (named !== undefined) return named;
  const [found, ...others] = withVersion(migrations, nameOrVersion);
  if (found === undefined) throw notFound(migrations, nameOrVersion);
  if (others.length === 0) return found;
  const names = [found, ...others].map((migration) => migration.name).join(' and ');
  throw new ForerunError('USAGE', `Version ${nameOrVersion} is that of ${names}.`, {
    details: {},
    next: 'Name one of them.',
  });
}

function notFound(migrations: readonly Named[], name: string): ForerunError<'NOT_FOUND'> {
  // A number that is one digit away is another version, not this one misspelt.
  const isNumber = /^\d+$/.test(name);
  const near = nearest(
    name,
    migrations.flatMap((migration) => [migration.name, ...(isNumber ? [] : [migration.version])]),
  );
  return new ForerunError('NOT_FOUND', `There is no migration "${name}".`, {
    details: { name },
    next: `${near === undefined ? '' : `Did you mean ${near}? `}All of them are listed by: forerun status`,
  });
}
