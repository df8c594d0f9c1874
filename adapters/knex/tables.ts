import type { Session } from '../../src/seams/driver.ts';
import { knexWithoutDatabase } from './bound.ts';
import type { KnexProject } from './project.ts';

/** Where the tables of Knex's own record are, as they are written in a statement. */
export interface Tables {
  readonly record: string;
  readonly lock: string;
}

/** Which of them are there. */
export interface Present {
  readonly tables: Tables;
  readonly record: boolean;
  readonly lock: boolean;
}

export function tableNames({ settings }: KnexProject): readonly [record: string, lock: string] {
  return [settings.tableName, `${settings.tableName}_lock`];
}

/** Finds the tables as Knex would: in the schema that is configured, else in the first of the search path. */
export async function findTables(project: KnexProject, session: Session): Promise<Present> {
  const names = tableNames(project);
  if (project.engine === 'sqlite') {
    const rows = await session.query(
      `SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name IN (?, ?)`,
      names,
    );
    const there = rows.map((row) => row['name']);
    const [record, lock] = names;
    return { tables: tablesIn('main', names), record: there.includes(record), lock: there.includes(lock) };
  }
  const schema = await schemaIn(project, session);
  const rows = await session.query(
    `SELECT relname AS name FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = relnamespace
      WHERE nspname = $1 AND relname IN ($2, $3)`,
    [schema, ...names],
  );
  const there = rows.map((row) => row['name']);
  const [record, lock] = names;
  return { tables: tablesIn(schema, names), record: there.includes(record), lock: there.includes(lock) };
}

/** Creates what is not there by Knex's own statements, with the row of the lock. */
export async function createTables(project: KnexProject, session: Session, present: Present): Promise<void> {
  const [record, lock] = tableNames(project);
  const { schemaName } = project.settings;
  const { schema } = knexWithoutDatabase(project);
  const inSchema = (): typeof schema => (schemaName === undefined ? schema : schema.withSchema(schemaName));
  const statements: string[] = [];
  if (!present.record) {
    const made = inSchema().createTable(record, (table) => {
      table.increments();
      table.string('name');
      table.integer('batch');
      table.timestamp('migration_time');
    });
    statements.push(made.toQuery());
  }
  if (!present.lock) {
    const made = knexWithoutDatabase(project).schema;
    const placed = schemaName === undefined ? made : made.withSchema(schemaName);
    statements.push(
      placed
        .createTable(lock, (table) => {
          table.increments('index').primary();
          table.integer('is_locked');
        })
        .toQuery(),
    );
  }
  for (const statement of statements) await session.query(statement);
  const [row] = await session.query(`SELECT count(*) AS rows FROM ${present.tables.lock}`);
  if (Number(row?.['rows']) === 0) await session.query(`INSERT INTO ${present.tables.lock} (is_locked) VALUES (0)`);
}

function tablesIn(schema: string, [record, lock]: readonly [string, string]): Tables {
  return { record: `${quoted(schema)}.${quoted(record)}`, lock: `${quoted(schema)}.${quoted(lock)}` };
}

/** A session that was opened without Knex has not its search path. */
async function schemaIn({ config, settings }: KnexProject, session: Session): Promise<string> {
  if (settings.schemaName !== undefined) return settings.schemaName;
  const [first] = [config.searchPath ?? []].flat();
  if (first !== undefined && !first.startsWith('$')) return first;
  const [row] = await session.query('SELECT current_schema() AS name');
  const name = row?.['name'];
  return typeof name === 'string' ? name : 'public';
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
