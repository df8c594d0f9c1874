import { rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createTrailbaseMigration } from '../../../adapters/trailbase/create.ts';
import { sourceContract } from '../../contracts/source.ts';
import { newDepot } from '../fixtures/trailbase/depot.ts';

sourceContract('trailbase', async () => {
  const depot = await newDepot();
  const { source, main } = await depot.setup();
  const folder = join(depot.root, 'traildepot');
  const file = (name: string): string => join(folder, 'migrations/main', `${name}.sql`);
  return {
    source,
    async add(table) {
      const written = createTrailbaseMigration({ folder, database: 'main' }, table, new Date());
      await writeFile(written, `CREATE TABLE ${table} (i INTEGER);\n`);
      return basename(written, '.sql');
    },
    change: (name) => writeFile(file(name), 'CREATE TABLE changed (i INTEGER);\n'),
    remove: (name) => rm(file(name)),
    async spoil() {
      await writeFile(file('U5__not-so'), 'SELECT 1;');
      return 'U5__not-so.sql';
    },
    database: {
      target: main,
      tables: async () => depot.read("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name") as string[],
    },
  };
});
