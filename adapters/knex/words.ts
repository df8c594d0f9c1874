import type { Knex } from 'knex';

/** Has Knex say of a failed query where it was made, and not which values were in it. */
export const quietErrors = { asyncStackTraces: true, compileSqlOnError: false } as const;

/** Gives the errors of queries the engine's own words back, in front of which Knex puts the statement. */
export function keepWords(knex: Knex): void {
  knex.on('query-error', (error: Error, { sql }: { readonly sql: string }) => {
    const prefix = `${sql} - `;
    if (error.message.startsWith(prefix)) error.message = error.message.slice(prefix.length);
  });
}
