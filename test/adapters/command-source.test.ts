import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { command } from 'forerun/command';
import { expect } from 'vitest';
import { resolveConfig } from '../../src/config.ts';
import { namedAdapter } from '../../src/cli/named-adapter.ts';
import type { Adapter } from '../../src/seams/adapter.ts';
import { sourceContract, type SourceFixture } from '../contracts/source.ts';
import { sqliteProject } from './fixtures/command/project.ts';

const up = ['--no-dump-schema', 'up'];

/** A project of dbmate, and what of it a source is asked. */
async function fixture(
  source: Adapter | undefined,
  run: boolean,
): Promise<Omit<SourceFixture, 'database'> & Required<Pick<SourceFixture, 'database'>>> {
  const project = await sqliteProject();
  await writeFile(join(project.root, 'app.db'), '');
  const setup = await resolveConfig({
    database: 'app.db',
    root: project.root,
    ...(source === undefined ? {} : { source }),
  });
  let added = 0;
  return {
    source: setup.source,
    async add(table) {
      added += 1;
      const version = String(20260101000000 + added);
      await project.put({
        [`db/migrations/${version}_${table}.sql`]: `-- migrate:up\nCREATE TABLE ${table} (i INTEGER);\n-- migrate:down\nDROP TABLE ${table};\n`,
      });
      if (!run) return version;
      const ended = await project.run('node_modules/.bin/dbmate', up, { DATABASE_URL: 'sqlite:app.db' });
      expect(ended.exitCode, ended.stderr).toBe(0);
      return version;
    },
    remove: (version) => project.write(`DELETE FROM schema_migrations WHERE version = '${version}'`),
    database: {
      target: setup.main,
      tables: async () =>
        (await project.read(
          `SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'schema_migrations' ORDER BY name`,
        )) as string[],
    },
  };
}

// What it lists a tool has applied already, and knows by name; what it runs is the command, whatever there is to apply.
sourceContract(
  'command, as what a tool has applied',
  async () => {
    const { database: _, ...listed } = await fixture(await namedAdapter('command'), true);
    return listed;
  },
  ['listing', 'changes'],
);
sourceContract(
  'command, as the command that is run',
  () => fixture(command({ up: ['node_modules/.bin/dbmate', ...up] }), false),
  ['running'],
);
