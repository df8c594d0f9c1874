import { command } from 'forerun/command';

/** @type {import('forerun').Config} */
export default {
  database: process.env.DATABASE_URL ?? 'app.db',
  // The schema file that dbmate would write is that of the branch.
  source: command({ up: 'npx dbmate --no-dump-schema up' }),
};
