import type { RecordSql } from './record.ts';

export const sqliteRecord: RecordSql = {
  table: 'main._prisma_migrations',
  create: `CREATE TABLE "_prisma_migrations" (
    "id"                    TEXT PRIMARY KEY NOT NULL,
    "checksum"              TEXT NOT NULL,
    "finished_at"           DATETIME,
    "migration_name"        TEXT NOT NULL,
    "logs"                  TEXT,
    "rolled_back_at"        DATETIME,
    "started_at"            DATETIME NOT NULL DEFAULT current_timestamp,
    "applied_steps_count"   INTEGER UNSIGNED NOT NULL DEFAULT 0
)`,
  param: () => '?',
  exists: `SELECT 1 AS one FROM main.sqlite_master WHERE type = 'table' AND name = '_prisma_migrations'`,
  tables: `SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`,
  moment: (column) => column,
  stored: (moment) => moment.getTime(),
};
