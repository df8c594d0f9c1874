import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { trailbase } from '../../../adapters/trailbase.ts';
import { up } from '../../../src/run.ts';
import { create } from '../../../src/verbs/create.ts';
import { init } from '../../../src/verbs/init.ts';
import { forerun } from '../../support/cli.ts';
import { refusal } from '../../verbs/shop.ts';
import { newDepot } from '../fixtures/trailbase/depot.ts';

describe('a new migration', () => {
  const config = (root: string) => ({ root, source: trailbase() });

  test('is named as TrailBase names its own, and awaits its statements', async () => {
    const depot = await newDepot();
    const before = Math.floor(Date.now() / 1000);
    const [file = ''] = await create(config(depot.root), 'Add Users!');
    const [, folder, seconds] = /^(.*)\/U(\d+)__add_users\.sql$/.exec(file) ?? [];
    expect(folder).toBe(join(depot.root, 'traildepot/migrations/main'));
    expect(Number(seconds)).toBeGreaterThanOrEqual(before);
    expect((await up(await depot.setup(), { safe: true })).error?.message).toContain('has no statement');
  });

  test('comes after all that are there, and never in their place', async () => {
    const depot = await newDepot();
    await depot.migration('U2100000000__far.sql', 'CREATE TABLE a (id INTEGER);\n');
    const names = [await create(config(depot.root), 'x'), await create(config(depot.root), 'x')].flat();
    expect(names.map((name) => name.replace(/^.*\//, ''))).toEqual(['U2100000001__x.sql', 'U2100000002__x.sql']);
    await depot.migration('U2147483647__last.sql', 'CREATE TABLE b (id INTEGER);\n');
    await refusal(create(config(depot.root), 'x'), 'BAD_MIGRATION');
  });

  test('is for the database that is chosen', async () => {
    const depot = await newDepot({ database: 'shop' });
    const [file] = await create({ root: depot.root, source: trailbase({ database: 'shop' }) }, 'x');
    expect(file).toContain(join(depot.root, 'traildepot/migrations/shop/U'));
  });

  test('is written by the command line', async () => {
    const depot = await newDepot();
    const { stdout, exitCode } = await forerun(['create', 'add_users', '--adapter', 'trailbase'], { cwd: depot.root });
    expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/U\d{10}__add_users\.sql$/)]);
    expect(await readdir(join(depot.root, 'traildepot/migrations/main'))).toHaveLength(1);
  });
});

describe('init', () => {
  test('recognises a depot', async () => {
    const depot = await newDepot();
    await depot.file('package.json', '{ "type": "module", "devDependencies": { "forerun": "*" } }\n');
    expect(await init(depot.root)).toEqual({
      found: "TrailBase's depot in traildepot/",
      wrote: ['forerun.config.js', 'package.json'],
      kept: [],
      next: 'See where the database stands: npx forerun status\nApply what is pending, rehearsed first: npx forerun up --safe',
    });
    expect(await readFile(join(depot.root, 'forerun.config.js'), 'utf8')).toBe(
      "import { trailbase } from 'forerun/trailbase';\n\n/** @type {import('forerun').Config} */\nexport default {\n  source: trailbase(),\n};\n",
    );
    expect((await init(depot.root)).wrote).toEqual([]);
  });

  test('finds one a folder deeper, and says how other databases are served', async () => {
    const depot = await newDepot();
    await depot.file('tsconfig.json', '{}');
    await depot.file('server/traildepot/migrations/shop/U1__a.sql', '');
    await rm(join(depot.root, 'traildepot'), { recursive: true });
    const done = await init(depot.root);
    expect(done.found).toBe("TrailBase's depot in server/traildepot/, with migrations for shop besides main");
    expect(done.next).toContain("source: trailbase({ depot: 'server/traildepot', database: 'shop' })");
    expect(await readFile(join(depot.root, 'forerun.config.ts'), 'utf8')).toBe(
      "import type { Config } from 'forerun';\nimport { trailbase } from 'forerun/trailbase';\n\nexport default {\n  source: trailbase({ depot: 'server/traildepot' }),\n} satisfies Config;\n",
    );
  });
});
