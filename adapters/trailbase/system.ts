/** What of a row tells whose it is. */
export interface Recorded {
  readonly version: number;
  readonly name: string;
}

/** The migrations that TrailBase carries in its program, none of which was ever edited: those of its versions up to 0.33, and one later. */
const ofEveryDatabase: readonly Recorded[] = [
  { version: 2, name: 'file_deletions' },
  { version: 6, name: 'file_deletions_update' },
];

const ofMain: readonly Recorded[] = [
  { version: 1, name: 'initial' },
  { version: 3, name: 'user_id' },
  { version: 4, name: 'totp' },
  { version: 5, name: 'drop_session' },
  { version: 7, name: 'username' },
  { version: 8, name: 'wasm_shared_preferences' },
  { version: 1785764695, name: 'unverified_email' },
  { version: 1791097712, name: 'unique_unverified_email' },
];

/** TrailBase's own migrations in one of its databases. */
export function systemMigrations(database: string): readonly Recorded[] {
  return database === 'main' ? [...ofMain, ...ofEveryDatabase] : ofEveryDatabase;
}

/**
 * TrailBase counts its own migrations upwards from 1, and gives files of users the second in which they are made: a low
 * version that no file has is that of a newer TrailBase.
 */
export function isLow(version: number): boolean {
  return version < 1000;
}
