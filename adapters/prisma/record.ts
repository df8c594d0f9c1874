import { randomUUID } from 'node:crypto';
import { ownTables } from '../../src/drivers/sqlite/names.ts';
import type { Row, Session } from '../../src/seams/driver.ts';
import { postgresRecord } from './record-postgres.ts';
import { sqliteRecord } from './record-sqlite.ts';
import type { Engine } from './provider.ts';

/** The table in which Prisma Migrate records what it applied. */
export const recordTable = '_prisma_migrations';

/** What one row of it says. */
export interface PrismaRow {
  readonly name: string;
  readonly checksum: string;
  /** `failed`: it was begun and never finished, and nobody has said what to make of it. */
  readonly state: 'applied' | 'failed' | 'rolled-back';
  /** RFC 3339, UTC, ending in `Z`. */
  readonly startedAt: string;
  readonly finishedAt: string | undefined;
}

/** A migration that is to be recorded. */
export interface Applied {
  readonly name: string;
  readonly checksum: string;
  readonly startedAt: Date;
  readonly finishedAt: Date;
}

/** The SQL of one database engine. */
export interface RecordSql {
  /** The table's name for SQL. */
  readonly table: string;
  /** As Prisma itself creates it. */
  readonly create: string;
  /** `n`, 1-based, of a statement's parameters. */
  param(n: number, type?: 'moment'): string;
  /** Answers a row where the table is there. */
  readonly exists: string;
  /** Names of all tables that Prisma would see. */
  readonly tables: string;
  /** A column of it as RFC 3339 text or as milliseconds. */
  moment(column: string): string;
  /** A moment as Prisma's own engine stores it. */
  stored(moment: Date): unknown;
}

/** Reads and writes that table on one database. */
export interface PrismaRecord {
  readonly sql: RecordSql;
  exists(session: Session): Promise<boolean>;
  /** Whether there is any table besides it and Forerun's own. */
  hasOthers(session: Session): Promise<boolean>;
  create(session: Session): Promise<void>;
  rows(session: Session): Promise<readonly PrismaRow[]>;
  /** Name of a migration that failed, else of this one where it is applied: what keeps it from being applied now. */
  inTheWay(session: Session, name: string): Promise<string | undefined>;
  /** Adds a row, unless one says already that it is applied; of one that failed it says that it was rolled back. */
  add(session: Session, applied: Applied): Promise<void>;
  remove(session: Session, name: string): Promise<void>;
}

export function prismaRecord(engine: Engine, schema: string): PrismaRecord {
  const sql = engine === 'sqlite' ? sqliteRecord : postgresRecord(schema);
  const { table, param } = sql;
  const exists = async (session: Session): Promise<boolean> => (await session.query(sql.exists)).length > 0;
  return {
    sql,
    exists,
    async hasOthers(session) {
      const names = (await session.query(sql.tables)).map((row) => String(row['name']));
      return names.some((name) => name !== recordTable && !ownTables.includes(name));
    },
    create: async (session) => void (await session.query(sql.create)),
    async rows(session) {
      if (!(await exists(session))) return [];
      const columns = `migration_name AS name, checksum, ${['started_at', 'finished_at', 'rolled_back_at'].map((column) => `${sql.moment(column)} AS ${column}`).join(', ')}`;
      return (await session.query(`SELECT ${columns} FROM ${table}`)).map(rowOf).toSorted(byStart);
    },
    async inTheWay(session, name) {
      const [row] = await session.query(
        `SELECT migration_name AS name FROM ${table}
          WHERE rolled_back_at IS NULL AND (finished_at IS NULL OR migration_name = ${param(1)})
          ORDER BY finished_at IS NULL DESC LIMIT 1`,
        [name],
      );
      return row === undefined ? undefined : String(row['name']);
    },
    async add(session, { name, checksum, startedAt, finishedAt }) {
      const present = await session.query(
        `SELECT finished_at IS NULL AS failed FROM ${table} WHERE migration_name = ${param(1)} AND rolled_back_at IS NULL`,
        [name],
      );
      const isFailed = (row: Row): boolean => Boolean(row['failed']);
      if (present.some(isFailed)) {
        await session.query(
          `UPDATE ${table} SET rolled_back_at = ${param(1, 'moment')}
            WHERE migration_name = ${param(2)} AND rolled_back_at IS NULL AND finished_at IS NULL`,
          [sql.stored(finishedAt), name],
        );
      }
      if (!present.every(isFailed)) return;
      await session.query(
        `INSERT INTO ${table} (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
         VALUES (${param(1)}, ${param(2)}, ${param(3)}, ${param(4, 'moment')}, ${param(5, 'moment')}, 1)`,
        [randomUUID(), checksum, name, sql.stored(startedAt), sql.stored(finishedAt)],
      );
    },
    async remove(session, name) {
      await session.query(`DELETE FROM ${table} WHERE migration_name = ${param(1)} AND rolled_back_at IS NULL`, [name]);
    },
  };
}

function rowOf(row: Row): PrismaRow {
  const [finishedAt, rolledBackAt] = [momentOf(row['finished_at']), momentOf(row['rolled_back_at'])];
  return {
    name: String(row['name']),
    checksum: String(row['checksum']),
    state: rolledBackAt !== undefined ? 'rolled-back' : finishedAt === undefined ? 'failed' : 'applied',
    startedAt: momentOf(row['started_at']) ?? '',
    finishedAt,
  };
}

/** Prisma's engines write milliseconds, or text with or without a zone. */
function momentOf(value: unknown): string | undefined {
  if (typeof value === 'number') return new Date(value).toISOString();
  if (typeof value !== 'string') return undefined;
  const date = new Date(/[zZ]$|[+-]\d\d:?\d\d$/.test(value) ? value : `${value}Z`);
  return Number.isNaN(date.getTime()) ? value : date.toISOString();
}

function byStart(a: PrismaRow, b: PrismaRow): number {
  return a.startedAt < b.startedAt ? -1 : Number(a.startedAt > b.startedAt);
}
