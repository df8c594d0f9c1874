import { describe, expect, test } from 'vitest';
import { up } from '../../src/run.ts';
import { init } from '../../src/verbs/init.ts';
import { agreesWithPrisma, initSql } from './fixtures/prisma/agreement.ts';
import { sqliteProject } from './fixtures/prisma/project.ts';

describe('Prisma on SQLite', () => agreesWithPrisma(sqliteProject));

test("`migrate dev` passes over Forerun's tables once they are declared as init says", async () => {
  const project = await sqliteProject();
  await project.migration('20240101000000_init', initSql);
  await up(await project.setup(), { safe: true });
  const { next } = await init(project.root);
  const external = /external: \[(.*?)\]/.exec(next)?.[1]?.match(/\w+/g) ?? [];
  const engine = project.engine();
  expect(await engine.develop([])).toBe('reset');
  expect(await engine.develop(external)).toBe('createMigration');
});
