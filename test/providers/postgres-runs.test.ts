import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { promote, up, type Config } from '../../src/index.ts';
import { clone } from '../../src/providers/clone.ts';
import { dump } from '../../src/providers/dump.ts';
import { template } from '../../src/providers/template.ts';
import type { Target } from '../../src/seams/target.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { bodies, makeMain, residue } from './fixtures/postgres-world.ts';

describe.each(Object.entries({ template, dump, clone }))('a run whose copies are made by %s', (name, provide) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  interface Project {
    readonly main: Target;
    readonly folder: string;
    readonly config: Config;
  }

  /** Its base is looked through for damage, and nobody who is connected to what is copied is waited for. */
  const newProject = async (): Promise<Project> => {
    const root = await mkdtemp(join(tmpdir(), 'forerun-test-runs-'));
    onTestFinished(() => rm(root, { recursive: true }));
    const folder = join(root, 'copies');
    await mkdir(folder);
    for (const path of [root, folder]) await chmod(path, 0o711);
    const main = await makeMain(server);
    const database = new URL(main.url).pathname.slice(1);
    await server.query('CREATE EXTENSION amcheck; CREATE TABLE filler AS SELECT generate_series(1, 1000000)', database);
    await mkdir(join(root, 'migrations'));
    for (const column of ['a', 'b']) {
      const file = join(root, 'migrations', `00${column === 'a' ? 1 : 2}_${column}`);
      await writeFile(`${file}.up.sql`, `ALTER TABLE notes ADD COLUMN ${column} int;\n`);
      await writeFile(`${file}.down.sql`, `ALTER TABLE notes DROP COLUMN ${column};\n`);
    }
    const config: Config = {
      database: main.url,
      root,
      provider: provide({ folder, aloneWaitMs: 50 }),
      verify: { notes: async (branch) => (await bodies(branch)).length === 1 },
    };
    return { main, folder, config };
  };

  it('rehearses ups, downs and checks, and promotes what passed', { timeout: 120_000 }, async () => {
    const { main, folder, config } = await newProject();
    const result = await up(config, { safe: true });
    expect(result).toMatchObject({
      outcome: 'promoted',
      provider: name,
      migrations: [
        { evidence: { down: { restoresSchema: true, restoresData: true } } },
        { evidence: { down: { restoresSchema: true, restoresData: true }, checks: [{ ok: true }, { ok: true }] } },
      ],
    });
    const kept = (await config.provider?.list(main)) ?? [];
    expect(kept.map(({ kind, label }) => [kind, label])).toEqual([
      ['checkpoint', '001_a'],
      ['checkpoint', '002_b'],
    ]);
    for (const copy of kept) await config.provider?.discard(copy);
    expect([await residue(server, main), await readdir(folder)]).toEqual([[], []]);
  });

  it('does not begin to promote a branch, which it cannot make main', async () => {
    const { main, config } = await newProject();
    await using checkpoint = await config.provider?.checkpoint(main, { label: 'base' });
    if (checkpoint !== undefined) await config.provider?.branch(checkpoint, { label: 'premium' });
    const before = await config.provider?.list(main);
    expect(await promote(config, 'premium')).toMatchObject({
      outcome: 'failed',
      error: { code: 'PROVIDER_FAILED', next: 'Promote the migrations instead: forerun up --safe' },
    });
    expect(await config.provider?.list(main)).toEqual(before);
    for (const copy of before ?? []) await config.provider?.discard(copy);
  });
});
