// A database as `prisma migrate deploy` left it a while ago, when there was one migration, and what customers did since.
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import Database from 'better-sqlite3';

const path = `${import.meta.dirname}/prisma/shop.db`;
const name = '20260105090000_init';
if (!existsSync(path)) {
  const sql = readFileSync(`${import.meta.dirname}/prisma/migrations/${name}/migration.sql`);
  const database = new Database(path);
  database.exec(`
    CREATE TABLE "_prisma_migrations" (
      "id"                    TEXT PRIMARY KEY NOT NULL,
      "checksum"              TEXT NOT NULL,
      "finished_at"           DATETIME,
      "migration_name"        TEXT NOT NULL,
      "logs"                  TEXT,
      "rolled_back_at"        DATETIME,
      "started_at"            DATETIME NOT NULL DEFAULT current_timestamp,
      "applied_steps_count"   INTEGER UNSIGNED NOT NULL DEFAULT 0
    );
    ${sql.toString()}
    INSERT INTO "Customer" ("email", "phone") VALUES
      ('alice@example.com', '555-1'), ('bob@example.com', '555-1'), ('carol@example.com', NULL);
    INSERT INTO "Order" ("customerId", "total") VALUES (1, 10.5), (2, 20), (2, 5), (3, 30);
  `);
  database
    .prepare(
      `INSERT INTO "_prisma_migrations" (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES (?, ?, ?, ?, ?, 1)`,
    )
    .run(randomUUID(), createHash('sha256').update(sql).digest('hex'), name, 1767603600000, 1767603600042);
  database.close();
  console.log('Created prisma/shop.db with 3 customers and 4 orders.');
}
