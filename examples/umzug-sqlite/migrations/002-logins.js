export async function up({ context: database }) {
  database.exec(`CREATE TABLE logins (
    id INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
  )`);
  database.exec('CREATE INDEX logins_by_user ON logins (user_id, at)');
}

export async function down({ context: database }) {
  database.exec('DROP TABLE logins');
}
