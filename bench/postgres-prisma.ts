import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { prismaEngine } from '../test/adapters/fixtures/prisma/engine.ts';
import { startPostgres, type PostgresServer } from '../test/support/postgres.ts';
import { newFolder } from './support/database.ts';
import { program, runNode } from './support/program.ts';
import type { Measured } from './support/result.ts';
import { alternate, bothInWords, timed } from './support/times.ts';

const count = 300;
const allowed = 2.5;

/** `up --safe` of a history of Prisma's on an empty database, against Prisma's own engine without its command line. */
export async function postgresPrisma(): Promise<Measured> {
  await using server = await startPostgres({ version: 15 });
  const root = newFolder();
  const migrations = writeHistory(root);
  const times = await alternate(3, {
    prisma: () =>
      onEmpty(server, async (url) => {
        const engine = prismaEngine(url, migrations);
        // Its WebAssembly is loaded by then.
        await engine.diagnose();
        return timed(() => engine.deploy());
      }),
    safe: () => onEmpty(server, async (url) => (await runNode(program('up-prisma'), url, root)).ms),
  });
  rmSync(root, { recursive: true });
  const ratio = times.safe.min / times.prisma.min;
  return {
    results: [
      {
        measured: `\`up --safe\` of ${count} Prisma migrations on an empty PostgreSQL 15, one checkpoint, by template`,
        peer: `Prisma's engine ${bothInWords(times.prisma)}`,
        forerun: bothInWords(times.safe),
        comparison: `${ratio.toFixed(2)} times`,
        target: `≤ ${allowed} times`,
        met: ratio <= allowed,
      },
    ],
  };
}

async function onEmpty(server: PostgresServer, work: (url: string) => Promise<number>): Promise<number> {
  const ms = await work(await server.createDatabase());
  for (const { datname } of await server.query(
    "SELECT datname FROM pg_database WHERE datname LIKE 'forerun%' OR datname LIKE 'db\\_%'",
  )) {
    await server.query(`ALTER DATABASE ${String(datname)} IS_TEMPLATE false`);
    await server.query(`DROP DATABASE ${String(datname)} WITH (FORCE)`);
  }
  return ms;
}

/** Tables, columns, indexes and foreign keys in turn, as a schema grows. */
function writeHistory(root: string): string {
  const migrations = join(root, 'prisma', 'migrations');
  mkdirSync(migrations, { recursive: true });
  const schema = 'datasource db {\n  provider = "postgresql"\n  url      = env("DATABASE_URL")\n}\n';
  writeFileSync(join(root, 'prisma', 'schema.prisma'), schema);
  for (let at = 0; at < count; at += 1) {
    const folder = join(migrations, `${20240101000000 + at}_step`);
    mkdirSync(folder);
    writeFileSync(join(folder, 'migration.sql'), `${statementOf(at)}\n`);
  }
  return migrations;
}

function statementOf(at: number): string {
  const table = `"Table${Math.floor(at / 4)}"`;
  switch (at % 4) {
    case 0:
      return `CREATE TABLE ${table} ("id" SERIAL NOT NULL, "name" TEXT NOT NULL, CONSTRAINT "Table${at / 4}_pkey" PRIMARY KEY ("id"));`;
    case 1:
      return `ALTER TABLE ${table} ADD COLUMN "parentId" INTEGER, ADD COLUMN "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;`;
    case 2:
      return `CREATE UNIQUE INDEX "Table${Math.floor(at / 4)}_name_key" ON ${table}("name");`;
    default:
      return `ALTER TABLE ${table} ADD CONSTRAINT "Table${Math.floor(at / 4)}_parentId_fkey" FOREIGN KEY ("parentId") REFERENCES ${table}("id") ON DELETE SET NULL ON UPDATE CASCADE;`;
  }
}
