import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sql } from '../../../adapters/sql.ts';
import { sqlite } from '../../../src/drivers/sqlite.ts';
import type { Attempt } from '../../../src/seams/source.ts';
import { sourceContract } from '../../contracts/source.ts';
import type { SourceFixture } from '../../contracts/source.ts';
import { failure, folder, put } from './folder.ts';

const create = (table: string): string => `CREATE TABLE ${table} (id INTEGER PRIMARY KEY);\n`;
const drop = (table: string): string => `DROP TABLE ${table};\n`;

/** How each form writes a migration: the up file first. */
type Write = (number: number, table: string) => Readonly<Record<string, string>>;

const forms: Readonly<Record<string, Write>> = {
  '1_name.sql': (number, table) => ({ [`${number}_${table}.sql`]: create(table) }),
  '<timestamp>_name.sql': (number, table) => ({ [`${20240131120000 + number}_${table}.sql`]: create(table) }),
  '1_name.sql with sections': (number, table) => ({
    [`${number}_${table}.sql`]: `-- migrate:up\n${create(table)}-- migrate:down\n${drop(table)}`,
  }),
  'V1__name.sql': (number, table) => ({
    [`V${number}__${table}.sql`]: create(table),
    [`U${number}__${table}.sql`]: drop(table),
  }),
  '1_name.up.sql': (number, table) => ({
    [`${number}_${table}.up.sql`]: create(table),
    [`${number}_${table}.down.sql`]: drop(table),
  }),
  '1_name/up.sql': (number, table) => ({
    [`${number}_${table}/up.sql`]: create(table),
    [`${number}_${table}/down.sql`]: drop(table),
  }),
};

for (const [form, write] of Object.entries(forms)) sourceContract(`sql of ${form}`, () => fixture(write));

it('names the line of the file in which a statement of a section fails', async () => {
  const directory = await folder({ '1_a.sql': '-- migrate:up\nCREATE TABLE a (id);\n\nCREATE TABLE a (id);\n' });
  const driver = sqlite();
  const { database } = await fixture(() => ({}));
  const [migration] = await sql({ directory, driver }).migrations();
  const error = await failure(Promise.resolve(migration?.up(database.target, attempt)));
  expect(error).toMatchObject({
    code: 'STATEMENT_FAILED',
    details: { where: { file: join(directory, '1_a.sql'), line: 4 } },
  });
});

const attempt: Attempt = {
  afterBegin: async () => {},
  beforeCommit: async () => {},
  note: () => {},
  alone: false,
  signal: new AbortController().signal,
};

async function fixture(write: Write): Promise<Required<SourceFixture>> {
  const directory = await folder({});
  const driver = sqlite();
  const target = driver.target(join(await folder({ 'app.db': '' }), 'app.db'));
  const written = new Map<string, readonly [file: string, text: string][]>();
  return {
    source: sql({ directory, driver }),
    async add(table) {
      const files = write(written.size + 1, table);
      await put(directory, files);
      const name = (Object.keys(files)[0] ?? '').replace(/\/up\.sql$|(?:\.up)?\.sql$/, '');
      written.set(name, Object.entries(files));
      return name;
    },
    async change(name) {
      const [file, text] = written.get(name)?.[0] ?? ['', ''];
      await put(directory, { [file]: text.replace('(id', '(other, id') });
    },
    async remove(name) {
      for (const [file] of written.get(name) ?? []) await rm(join(directory, file));
      await rm(join(directory, name), { recursive: true, force: true });
    },
    async spoil() {
      await put(directory, { 'add users.sql': create('users') });
      return 'add users.sql';
    },
    database: {
      target,
      async tables() {
        await using connection = await driver.open(target);
        return (await driver.tables(connection)).map(({ table }) => table);
      },
    },
  };
}
