export async function up(knex) {
  await knex.schema.createTable('customers', (table) => {
    table.increments();
    table.string('email').notNullable().unique();
    table.integer('spent').notNullable().defaultTo(0);
  });
  await knex('customers').insert([
    { email: 'alice@example.com', spent: 1200 },
    { email: 'bob@example.com', spent: 80 },
    { email: 'carol@example.com', spent: 0 },
  ]);
}

export async function down(knex) {
  await knex.schema.dropTable('customers');
}
