import { prisma } from '../../../adapters/prisma.ts';
import { resolveConfig } from '../../../src/config.ts';
import type { Setup } from '../../../src/setup.ts';
import { template } from '../../../src/providers/template.ts';
import type { AtStep } from '../../support/fault.ts';
import type { Place, Scenario } from '../scenario.ts';

const second = "ALTER TABLE first ADD COLUMN y TEXT; UPDATE first SET y = 'y'; ALTER TABLE users ADD COLUMN z TEXT;\n";

/** The history and the row in Prisma's own table must come together. */
export const prismaScenarios: readonly Scenario[] = [
  {
    name: 'prisma',
    files: {
      '20240102000000_first':
        "CREATE TABLE first (id INTEGER PRIMARY KEY, x TEXT); INSERT INTO first (x) VALUES ('1');\n",
      '20240103000000_second': second,
    },
    setup: ({ root }, atStep) => withActs({ root }, atStep),
  },
  {
    name: 'prisma-swapped',
    files: {
      '20240102000000_first': 'CREATE TABLE first (id INTEGER PRIMARY KEY, x TEXT);\n',
      '20240103000000_second': `VACUUM; ${second}`,
    },
    swapped: true,
    setup: ({ root }, atStep) => withActs({ root }, atStep),
  },
  {
    name: 'postgres-prisma',
    files: {
      '20240102000000_first':
        "CREATE TABLE first (id INTEGER PRIMARY KEY, x TEXT); INSERT INTO first VALUES (1, 'x');\n",
      '20240103000000_second': second,
    },
    setup: ({ root }, atStep) => withActs({ root, provider: template() }, atStep),
  },
];

/** What the source itself does on main is a step, too. */
async function withActs(
  more: { readonly root: Place['root']; readonly provider?: Setup['provider'] },
  atStep: AtStep = () => {},
): Promise<Setup> {
  const setup = await resolveConfig({ source: prisma(), lockWaitSeconds: 20, ...more });
  const { source } = setup;
  return {
    ...setup,
    source: {
      ...source,
      async reconcile(main, applied) {
        atStep('before source.reconcile');
        await source.reconcile?.(main, applied);
        atStep('after source.reconcile');
      },
      async promoted(migration, direction) {
        atStep('before source.promoted');
        await source.promoted?.(migration, direction);
        atStep('after source.promoted');
      },
    },
  };
}
