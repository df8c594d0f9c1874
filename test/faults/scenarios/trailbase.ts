import { trailbase } from '../../../adapters/trailbase.ts';
import { resolveConfig } from '../../../src/config.ts';
import type { Scenario } from '../scenario.ts';

/** TrailBase's own table is the history: row and tables must come together there as well. */
export const trailbaseScenarios: readonly Scenario[] = [
  {
    name: 'trailbase',
    files: {
      'V1790000000__first.sql':
        'CREATE TABLE first (id BLOB PRIMARY KEY CHECK (is_uuid_v7(id)) DEFAULT (uuid_v7()), x TEXT) STRICT; INSERT INTO first (x) VALUES (1), (2);',
      'U1790000001__second.sql':
        "ALTER TABLE first ADD COLUMN y TEXT; UPDATE first SET y = 'y'; ALTER TABLE users ADD COLUMN z TEXT CHECK (is_email(z));",
    },
    setup: ({ root }) => resolveConfig({ source: trailbase(), root, lockWaitSeconds: 20 }),
  },
];
