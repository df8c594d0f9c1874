// CREATE INDEX CONCURRENTLY cannot run in a transaction.
export const config = { transaction: false };

export async function up(knex) {
  await knex.raw('CREATE INDEX CONCURRENTLY customers_by_level ON customers (level)');
}

export async function down(knex) {
  await knex.raw('DROP INDEX CONCURRENTLY customers_by_level');
}
