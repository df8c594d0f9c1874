export async function up(knex) {
  await knex.schema.alterTable('customers', (table) => {
    table.string('level').notNullable().defaultTo('standard');
  });
  await knex('customers').where('spent', '>', 1000).update({ level: 'gold' });
}

export async function down(knex) {
  await knex.schema.alterTable('customers', (table) => {
    table.dropColumn('level');
  });
}
