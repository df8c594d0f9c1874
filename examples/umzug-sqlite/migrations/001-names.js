/** Splits the name, row by row, as only code can. */
export async function up({ context: database }) {
  database.exec(`ALTER TABLE users ADD COLUMN first_name TEXT NOT NULL DEFAULT ''`);
  database.exec(`ALTER TABLE users ADD COLUMN last_name TEXT NOT NULL DEFAULT ''`);
  const update = database.prepare('UPDATE users SET first_name = ?, last_name = ? WHERE id = ?');
  for (const { id, name } of database.prepare('SELECT id, name FROM users').all()) {
    const [first, ...rest] = name.split(' ');
    update.run(first, rest.join(' '), id);
  }
}

export async function down({ context: database }) {
  database.exec('ALTER TABLE users DROP COLUMN last_name');
  database.exec('ALTER TABLE users DROP COLUMN first_name');
}
