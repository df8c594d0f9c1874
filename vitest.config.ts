import { existsSync } from 'node:fs';
import { configDefaults, defineConfig } from 'vitest/config';

/** PostgreSQL 18 comes from npm. Where 15 and its client programs are missing, these tests are left out, and it is said. */
const postgres = existsSync('/usr/lib/postgresql/15/bin/postgres');
// In CI everything runs: what is missing there fails.
const leftOut = postgres || process.env['CI'] ? [] : ['test/**/postgres*.test.ts'];
if (leftOut.length > 0)
  process.stderr.write(
    'Left out, for want of a PostgreSQL 15 server (Debian: apt install postgresql-15): test/**/postgres*.test.ts\n',
  );

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...leftOut],
    globalSetup: ['test/support/build.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
