import type { MigrationFailure } from '../../seams/evidence.ts';

/** SQLite has no code of its own for it. */
export function saysExists({ message }: MigrationFailure): boolean {
  return /^(?:(?:table|index|view|trigger) .* already exists|there is already an? \w+ named|duplicate column name:)/.test(
    message,
  );
}

/** What the application adds to its connections is not in the file. */
export function remedyFor({ message }: MigrationFailure): string | undefined {
  if (!/^(?:no such function|unknown function|no such collation sequence|no such module):/.test(message))
    return undefined;
  return 'If the application brings it along, register it in the configuration, too: driver: sqlite({ setup: (database) => … }), of forerun/sqlite.';
}
