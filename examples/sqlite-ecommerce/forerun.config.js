import { defineConfig } from 'forerun';

export default defineConfig({
  // `forerun exec` sets the variable, so that a program started by it works on the branch.
  database: process.env.DATABASE_URL ?? 'shop.db',
  migrations: 'migrations',
  checks: 'checks',
});
