import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { leftBehind, newPostgresProject } from '../support/postgres/project.ts';
import { startStandby, type Standby } from '../support/postgres/standby.ts';

describe('a standby that follows by streaming', { timeout: 120_000 }, () => {
  let primary: PostgresServer;
  let standby: Standby;
  beforeAll(async () => {
    primary = await startPostgres();
    await primary.createDatabase('shop');
    await primary.query('CREATE TABLE notes AS SELECT 1 AS id', 'shop');
    standby = await startStandby(primary);
  });
  afterAll(async () => {
    await standby?.[Symbol.asyncDispose]();
    await primary?.stop();
  });

  test('shows how things stand, and is refused where something is to be written', async () => {
    const project = await newPostgresProject();
    await project.migration('001_level.sql', 'ALTER TABLE notes ADD COLUMN level integer');
    const before = await project.forerun(standby.url('shop'), ['status']);
    expect(before.stdout).toMatch(/pending {2}001_level/);
    expect(before.exitCode).toBe(0);
    for (const [verb, exitCode] of [
      [['up', '--safe'], 2],
      [['up'], 2],
      [['down'], 2],
      [['checkpoint', 'x'], 2],
      [['doctor'], 1],
    ] as const) {
      const answer = await project.forerun(standby.url('shop'), verb);
      expect(answer.stdout + answer.stderr, verb[0]).toMatch(
        /is a read-only standby, which cannot be written.*Use the address of the primary/s,
      );
      expect(answer.exitCode, verb[0]).toBe(exitCode);
    }
    expect(await leftBehind(primary, project)).toEqual([]);
  });

  test('cannot hold copies, which a gate says of every way to make them', async () => {
    const project = await newPostgresProject();
    await project.migration('001_level.sql', 'ALTER TABLE notes ADD COLUMN level integer');
    const template = await project.forerun(standby.url('shop'), ['gate', '--provider', 'template']);
    expect(template.stderr).toMatch(/read-only.*This server is a read-only standby: use the address of the primary/s);
    expect(template.exitCode).toBe(1);
    const dump = await project.forerun(standby.url('shop'), ['gate', '--provider', 'dump']);
    expect(dump.stderr).toMatch(/read-only standby/);
    expect(dump.exitCode).toBe(1);
    await project.config(
      (dist) => `import { dump } from '${dist}/providers/dump.js';
      export default { provider: dump({ branchServer: '${primary.url()}' }) };`,
    );
    const elsewhere = await project.json(standby.url('shop'), ['gate']);
    expect(elsewhere).toMatchObject({ outcome: 'passed', exitCode: 0 });
    expect(await leftBehind(primary, project)).toEqual([]);
  });
});
