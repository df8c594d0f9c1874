import { openDatabase } from '../migrator.js';

export async function up() {
  const database = openDatabase();
  database.exec('ALTER TABLE users ADD COLUMN nickname TEXT');
  database.close();
}
