// What Prisma's own commands go by.
import Database from 'better-sqlite3';

const database = new Database(`${import.meta.dirname}/prisma/shop.db`, { readonly: true });
const rows = database
  .prepare('SELECT migration_name AS name, finished_at, applied_steps_count AS steps FROM _prisma_migrations')
  .all();
for (const { name, finished_at, steps } of rows) {
  console.log(`${name}: ${finished_at === null ? 'not finished' : 'finished'}, ${steps} step`);
}
database.close();
