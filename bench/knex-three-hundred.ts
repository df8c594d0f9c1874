import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startPostgres, type PostgresServer } from '../test/support/postgres.ts';
import { newFolder } from './support/database.ts';
import { cli, dist, runNode } from './support/program.ts';
import type { Measured, Result } from './support/result.ts';
import { alternate, bothInWords, inWords } from './support/times.ts';

const count = 300;
const most = 2.5;
const moreMs = 150;

/** A history of 300 small Knex migrations onto an empty database, and start-up, against Knex's own commands. */
export async function knexThreeHundred(): Promise<Measured> {
  await using server = await startPostgres({ version: 15 });
  const folder = newFolder();
  writeProject(folder);
  const results = [await history(server, folder), await startUp(server, folder)];
  rmSync(folder, { recursive: true });
  return { results };
}

async function history(server: PostgresServer, folder: string): Promise<Result> {
  const times = await alternate(2, {
    knex: () => onFresh(server, folder, async () => (await runNode(...knex(folder, 'migrate:latest'))).ms),
    safe: () => onFresh(server, folder, async () => (await runNode(...forerun(folder, 'up', '--safe'))).ms),
  });
  const ratio = times.safe.min / times.knex.min;
  return {
    measured: `\`up --safe\` of ${count} small Knex migrations, empty PostgreSQL 15, one checkpoint`,
    peer: `\`knex migrate:latest\` ${bothInWords(times.knex)}`,
    forerun: bothInWords(times.safe),
    comparison: `${ratio.toFixed(2)} times`,
    target: `≤ ${most} times`,
    met: ratio <= most,
  };
}

async function startUp(server: PostgresServer, folder: string): Promise<Result> {
  const times = await onFresh(server, folder, async () => {
    await runNode(...forerun(folder, 'up'));
    return alternate(9, {
      knex: async () => (await runNode(...knex(folder, 'migrate:list'))).ms,
      forerun: async () => (await runNode(...forerun(folder, 'status'))).ms,
    });
  });
  const more = times.forerun.min - times.knex.min;
  return {
    measured: `\`forerun status\` of ${count} Knex migrations applied, PostgreSQL 15`,
    peer: `\`knex migrate:list\` ${bothInWords(times.knex)}`,
    forerun: bothInWords(times.forerun),
    comparison: more > 0 ? `+${inWords(more)}` : `−${inWords(-more)}`,
    target: `≤ +${moreMs} ms`,
    met: more <= moreMs,
  };
}

async function onFresh<T>(server: PostgresServer, folder: string, work: () => Promise<T>): Promise<T> {
  const url = await server.createDatabase();
  writeFileSync(join(folder, 'knexfile.cjs'), `module.exports = { client: 'pg', connection: '${url}' };\n`);
  const answer = await work();
  for (const { datname } of await server.query("SELECT datname FROM pg_database WHERE datname LIKE 'forerun%'")) {
    await server.query(`ALTER DATABASE ${String(datname)} IS_TEMPLATE false`);
    await server.query(`DROP DATABASE ${String(datname)} WITH (FORCE)`);
  }
  return answer;
}

function knex(folder: string, command: string): readonly string[] {
  return [join(dist, '../node_modules/knex/bin/cli.js'), command, '--knexfile', join(folder, 'knexfile.cjs')];
}

function forerun(folder: string, ...command: readonly string[]): readonly string[] {
  return [cli, ...command, '--quiet', '--config', join(folder, 'forerun.config.mjs')];
}

function writeProject(folder: string): void {
  mkdirSync(join(folder, 'migrations'));
  symlinkSync(join(dist, '../node_modules'), join(folder, 'node_modules'));
  writeFileSync(
    join(folder, 'forerun.config.mjs'),
    "import { knex } from 'forerun/knex';\nexport default { source: knex(), checkpoints: 'once' };\n",
  );
  for (let at = 1; at <= count; at += 1) {
    const [up, down] = stepOf(at);
    writeFileSync(
      join(folder, 'migrations', `${String(at).padStart(3, '0')}_step.js`),
      `// forerun: allow values-changed public.${tableOf(at)}.note\nexports.up = (knex) => ${up};\nexports.down = (knex) => ${down};\n`,
    );
  }
}

function tableOf(at: number): string {
  return `t${Math.floor((at - 1) / 5)}`;
}

/** Five kinds in turn, as they come together in a project. */
function stepOf(at: number): readonly [up: string, down: string] {
  const table = tableOf(at);
  switch (at % 5) {
    case 1:
      return [
        `knex.schema.createTable('${table}', (t) => { t.increments(); t.string('name').notNullable(); t.timestamps(); })`,
        `knex.schema.dropTable('${table}')`,
      ];
    case 2:
      return [
        `knex.schema.alterTable('${table}', (t) => { t.string('note'); })`,
        `knex.schema.alterTable('${table}', (t) => { t.dropColumn('note'); })`,
      ];
    case 3:
      return [
        `knex.schema.alterTable('${table}', (t) => { t.index(['name']); })`,
        `knex.schema.alterTable('${table}', (t) => { t.dropIndex(['name']); })`,
      ];
    case 4:
      return [`knex('${table}').insert([{ name: 'a' }, { name: 'b' }])`, `knex('${table}').del()`];
    default:
      return [`knex('${table}').where({ name: 'a' }).update({ note: 'x' })`, `knex('${table}').update({ note: null })`];
  }
}
