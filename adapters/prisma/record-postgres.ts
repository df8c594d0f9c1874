import { quoteIdentifier, quoteLiteral } from '../../src/drivers/postgres/names.ts';
import type { RecordSql } from './record.ts';

export function postgresRecord(schema: string): RecordSql {
  const table = `${quoteIdentifier(schema)}._prisma_migrations`;
  return {
    table,
    create: `CREATE TABLE ${table} (
    id                      VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum                VARCHAR(64) NOT NULL,
    finished_at             TIMESTAMPTZ,
    migration_name          VARCHAR(255) NOT NULL,
    logs                    TEXT,
    rolled_back_at          TIMESTAMPTZ,
    started_at              TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count     INTEGER NOT NULL DEFAULT 0
)`,
    param: (n, type) => `$${n}${type === 'moment' ? '::timestamptz' : ''}`,
    exists: `SELECT 1 AS one FROM pg_catalog.pg_class WHERE oid = pg_catalog.to_regclass(${quoteLiteral(table)})`,
    tables: `SELECT relname::text AS name FROM pg_catalog.pg_class AS class
               JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace
              WHERE class.relkind = 'r' AND nspname = ${quoteLiteral(schema)}`,
    moment: (column) => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
    stored: (moment) => moment.toISOString(),
  };
}
