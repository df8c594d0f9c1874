// What everybody has done once: a DELETE and an UPDATE without WHERE, on main.
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';

const database = new Database(fileURLToPath(new URL('shop.db', import.meta.url)));
console.log(`DELETE FROM orders: ${database.prepare('DELETE FROM orders').run().changes} rows`);
console.log(`UPDATE users: ${database.prepare("UPDATE users SET email = 'user' || id").run().changes} rows`);
database.close();
