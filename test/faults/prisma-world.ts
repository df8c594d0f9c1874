import { expect } from 'vitest';
import { up } from '../../src/run.ts';
import type { PrismaProject } from '../adapters/fixtures/prisma/project.ts';
import type { NewWorld } from './world.ts';

/** Projects that Prisma itself has begun, adopted. Whatever happened in one, Prisma finds nothing to do in the end. */
export function prismaWorlds(newProject: () => Promise<PrismaProject>): NewWorld {
  return async (scenario) => {
    const project = await newProject();
    const { root, address: database } = project;
    await project.migration('20240101000000_users', users);
    await project.engine().deploy();
    const setup = await scenario.setup({ root, database });
    expect(await up(setup)).toMatchObject({ outcome: 'nothing-pending' });
    for (const [name, text] of Object.entries(scenario.files)) await project.migration(name, text);
    return {
      root,
      database,
      scenario,
      setup,
      write: async (sql) => void (await project.query(sql)),
      async [Symbol.asyncDispose]() {
        expect(await project.engine().diagnose()).toMatchObject({
          editedMigrationNames: [],
          failedMigrationNames: [],
          history: null,
        });
        await project.remove();
      },
    };
  };
}

const users = `
  CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE NOT NULL, name TEXT NOT NULL);
  INSERT INTO users VALUES (1, 'alice@example.com', 'Alice'), (2, 'bob@example.com', 'Bob');
`;
