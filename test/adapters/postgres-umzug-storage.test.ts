import { SequelizeStorage, Umzug, type UmzugStorage } from 'umzug';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rollback } from '../../src/index.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { postgresProject, safe } from './fixtures/umzug/postgres.ts';
import { onSequelize, orders, Sequelize, unique, type QueryInterface } from './fixtures/umzug/sequelize.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server?.stop());

const history = 'SELECT name FROM _schema_history ORDER BY name';
const meta = 'SELECT name FROM "SequelizeMeta" ORDER BY name';

test('a storage of Sequelize on main is adopted, kept true up, down and back, and never touched by a rehearsal', async () => {
  const project = await postgresProject(server);
  const sequelize = new Sequelize(project.url, { logging: false });
  const storage = new SequelizeStorage({ sequelize: sequelize as never });
  const seen: string[] = [];
  const watched: UmzugStorage<QueryInterface> = {
    executed: () => storage.executed(),
    unlogMigration: (params) => storage.unlogMigration(params),
    async logMigration(params) {
      seen.push(`logged ${params.name}`);
      await storage.logMigration(params);
    },
  };
  await new Umzug<QueryInterface>({
    migrations: [orders],
    storage,
    context: sequelize.getQueryInterface(),
    logger: undefined,
  }).up();
  const umzug = safe(project, onSequelize, { migrations: [orders, unique], storage: watched, logger: undefined });
  const records = async (): Promise<unknown[]> => [await project.read(history), await project.read(meta)];

  const result = await umzug.safeUp({
    onEvent: (event) => void (/^(?:rehearsed|promoted)$/.test(event.type) && seen.push(event.type)),
  });

  expect(result.migrations).toMatchObject([{ name: unique.name, promotion: 'journalled' }]);
  expect(seen).toEqual(['rehearsed', 'promoted', 'logged 002_unique']);
  expect(result.findings.filter(({ gate }) => gate === 'adoption')).toMatchObject([
    { severity: 'note', message: expect.stringContaining('001_orders') as string },
  ]);
  const all = ['001_orders', '002_unique'];
  expect(await records()).toEqual([all, all]);

  await rollback(umzug.config, result.migrations[0]?.checkpoint ?? '');
  expect(await records()).toEqual([['001_orders'], ['001_orders']]);
  expect((await umzug.pending()).map(({ name }) => name)).toEqual(['002_unique']);

  await umzug.up();
  expect(await records()).toEqual([all, all]);
  await umzug.down({ safe: true });
  expect(await records()).toEqual([['001_orders'], ['001_orders']]);
  await umzug.up();
  await umzug.down();
  expect(await records()).toEqual([['001_orders'], ['001_orders']]);
  await sequelize.close();
});
