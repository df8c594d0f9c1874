import { basename } from 'node:path';
import type { Row } from '../../src/seams/driver.ts';
import type { Target } from '../../src/seams/target.ts';

/** The table in which a tool keeps what it applied, and its columns. */
export interface HistoryTable {
  /** With its schema, or without. */
  readonly table: string;
  /** The column with the name of what was applied. */
  readonly name: string;
  /** The column that rows are put in order by. @default that of the name */
  readonly order?: string;
  /** The column with the version. @default the number that the name begins with */
  readonly version?: string;
}

/** A tool's record, as far as it is known. */
export interface ToolRecord extends HistoryTable {
  /** Columns that the table has besides; a table that lacks one of them is another tool's. */
  readonly columns: readonly string[];
  /** Whether it has these columns alone: others have tables of that name. */
  readonly alone?: true;
  /** The column with the time at which it was applied. */
  readonly time?: string;
  /** What a row stands for, where it may be something that is not applied. */
  readonly state?: (row: Row) => 'applied' | 'begun' | 'undone';
}

export interface Tool {
  readonly name: string;
  /** What its programs are called. */
  readonly programs: readonly string[];
  readonly record: ToolRecord;
  /** Its other tables. */
  readonly tables?: readonly string[];
  /** How it wants the address of a database file. */
  readonly file?: (path: string) => string;
}

/** The first tool whose program the words name: `npx dbmate@2 up`, `node_modules/.bin/dbmate up`. */
export function toolIn(words: readonly string[]): Tool | undefined {
  const names = words.map((word) =>
    basename(word)
      .replace(/(?<=.)@.*$/, '')
      .replace(/\.[cm]?js$/, ''),
  );
  return names.flatMap((name) => tools.find(({ programs }) => programs.includes(name)) ?? [])[0];
}

/** All tables of a tool, without a schema. */
export function tablesOf({ record, tables = [] }: Pick<Tool, 'record' | 'tables'>): readonly string[] {
  return [bareName(record.table), ...tables];
}

/** Without a schema and quotes. */
export function bareName(table: string): string {
  return /(?:^|\.)"?([^".]+)"?$/.exec(table)?.[1] ?? table;
}

/** A file's address for a tool, where it has a form of its own. */
export function addressFor(tool: Tool | undefined, { path, variable }: Target): string {
  return path === undefined || tool?.file === undefined ? variable : tool.file(path);
}

export const tools: readonly Tool[] = [
  {
    name: 'dbmate',
    programs: ['dbmate'],
    record: { table: 'schema_migrations', name: 'version', columns: [], alone: true },
    file: (path) => `sqlite:${encodeURI(path).replaceAll('?', '%3F').replaceAll('#', '%23')}`,
  },
  {
    name: 'node-pg-migrate',
    programs: ['node-pg-migrate'],
    record: { table: 'pgmigrations', name: 'name', order: 'id', time: 'run_on', columns: ['id', 'run_on'] },
  },
  {
    name: 'Drizzle',
    programs: ['drizzle-kit'],
    record: { table: '__drizzle_migrations', name: 'created_at', columns: ['id', 'hash'] },
  },
  {
    name: 'Kysely',
    programs: ['kysely'],
    record: { table: 'kysely_migration', name: 'name', time: 'timestamp', columns: ['timestamp'] },
    tables: ['kysely_migration_lock'],
  },
  {
    name: 'TypeORM',
    programs: ['typeorm', 'typeorm-ts-node-commonjs', 'typeorm-ts-node-esm'],
    record: { table: 'migrations', name: 'name', order: 'id', columns: ['id', 'timestamp'], alone: true },
    tables: ['typeorm_metadata'],
  },
  {
    name: 'Prisma',
    programs: ['prisma'],
    record: {
      table: '_prisma_migrations',
      name: 'migration_name',
      time: 'finished_at',
      columns: ['checksum', 'finished_at', 'rolled_back_at'],
      state: (row) => (row['rolled_back_at'] !== null ? 'undone' : row['finished_at'] === null ? 'begun' : 'applied'),
    },
    file: (path) => `file:${path}`,
  },
  {
    name: 'Knex',
    programs: ['knex'],
    record: { table: 'knex_migrations', name: 'name', order: 'id', time: 'migration_time', columns: ['id', 'batch'] },
    tables: ['knex_migrations_lock'],
  },
  {
    name: 'Sequelize',
    programs: ['sequelize', 'sequelize-cli'],
    record: { table: 'SequelizeMeta', name: 'name', columns: [] },
  },
];
