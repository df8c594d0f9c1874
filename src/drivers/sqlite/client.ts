/** The slice of better-sqlite3's `Database` that Forerun calls; any database with these methods will do. */
export interface SqliteDatabase {
  readonly name: string;
  readonly inTransaction: boolean;
  prepare(sql: string): SqliteStatement;
  exec(sql: string): unknown;
  pragma(text: string, options?: { readonly simple?: boolean }): unknown;
  close(): unknown;
  backup(
    destination: string,
    options?: { progress?(info: { totalPages: number; remainingPages: number }): number },
  ): Promise<{ totalPages: number; remainingPages: number }>;
  // oxlint-disable-next-line no-explicit-any -- a user's SQL function takes and gives what it likes
  function(name: string, options: object, implementation: (...params: any[]) => unknown): unknown;
  aggregate(name: string, options: object): unknown;
  loadExtension(path: string): unknown;
}

export interface SqliteStatement {
  /** Whether the statement returns rows. */
  readonly reader: boolean;
  run(...params: unknown[]): { readonly changes: number };
  all(...params: unknown[]): unknown[];
  get(...params: unknown[]): unknown;
  iterate(...params: unknown[]): IterableIterator<unknown>;
  columns(): readonly { readonly name: string }[];
  raw(on?: boolean): this;
  safeIntegers(on?: boolean): this;
}

/**
 * Opens a database file that exists. The busy timeout is 0: a blocking wait would starve an application in the same
 * process that holds the lock. `whenFree` waits instead.
 */
export async function openDatabase(
  path: string,
  options: { readonly readonly?: boolean; readonly create?: boolean } = {},
): Promise<SqliteDatabase> {
  const { default: Database } = await import('better-sqlite3');
  return new Database(path, {
    timeout: 0,
    readonly: options.readonly ?? false,
    fileMustExist: !(options.create ?? false),
  });
}
