import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { knexFolder, users, type KnexFolder } from './fixtures/knex/project.ts';

const first = '20240101000000_users.js';
const second = '20240102000000_next.js';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

describe.each(['sqlite', 'postgres'] as const)('a migration of Knex on %s', (engine) => {
  /** A project in which the first migration is on main, and the second one is this. */
  async function pending(text: string): Promise<KnexFolder> {
    const project = await knexFolder(engine === 'postgres' ? server : undefined);
    await project.put({ [`migrations/${first}`]: users });
    await project.knex('migrate:latest');
    await project.put({ [`migrations/${second}`]: text });
    return project;
  }
  const untouched = async (project: KnexFolder): Promise<void> => {
    expect(await project.rows('SELECT name FROM knex_migrations')).toEqual([{ name: first }]);
    expect(await project.rows('SELECT email FROM users ORDER BY id')).toEqual([
      { email: 'alice@example.com' },
      { email: 'bob@example.com' },
    ]);
  };

  test('may print what it likes, and stdout stays one document', async () => {
    const project = await pending(`
exports.up = async (knex) => { console.log('to stdout'); process.stdout.write('more'); await knex('users').insert({ email: 'c' }); };
exports.down = (knex) => knex('users').where({ email: 'c' }).del();
`);
    const { stdout, stderr } = await project.forerun('up', '--safe', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'promoted' });
    expect(stderr).toContain('to stdout');
  });

  test.for([
    ['rejects with what is no Error', `Promise.reject({ email: 'alice@example.com' })`, 'an object with email'],
    ['rejects with nothing', 'Promise.reject()', 'undefined'],
    ['throws before it returns a promise', `(() => { throw new Error('at once'); })()`, 'at once'],
    ['fails in SQL', `knex.raw('SELECT * FROM nowhere')`, 'nowhere'],
    ['ends its process', 'process.exit(0)', 'exit code 0'],
  ] as const)('that %s blocks the run, and main stays as it was', async ([, body, said]) => {
    const project = await pending(`exports.up = (knex) => ${body};\nexports.down = async () => {};\n`);
    const result = await project.json('up', '--safe');
    expect([result.outcome, result.exitCode]).toEqual(['blocked', 3]);
    const messages = result.findings.filter(({ severity }) => severity === 'block').map(({ message }) => message);
    expect(messages.join()).toContain(said);
    expect(messages.join()).not.toContain('alice');
    await untouched(project);
  });

  test('whose down takes a column away brings the schema back, however the table is written anew', async () => {
    const project = await pending(`
exports.up = (knex) => knex.schema.alterTable('users', (t) => { t.string('note').notNullable().defaultTo('x').index(); });
exports.down = (knex) => knex.schema.alterTable('users', (t) => t.dropColumn('note'));
`);
    const { outcome, findings } = await project.json('gate');
    expect([outcome, findings.filter(({ gate }) => gate === 'reversible')]).toEqual(['passed', []]);
    await project.put({
      [`migrations/${second}`]: `
exports.up = (knex) => knex.schema.alterTable('users', (t) => { t.string('note').notNullable(); });
exports.down = async (knex) => {
  await knex.schema.alterTable('users', (t) => t.dropColumn('note'));
  await knex.schema.alterTable('users', (t) => t.setNullable('email'));
};
`,
    });
    await project.rows('DELETE FROM users');
    const lessened = await project.json('gate');
    expect(lessened.findings.find(({ gate }) => gate === 'reversible')?.message).toMatch(/table \S*users is changed/);
  });

  test.runIf(engine === 'postgres')('that cannot be in a transaction is told how to be in none', async () => {
    const up = "exports.up = (knex) => knex.raw('CREATE INDEX CONCURRENTLY by_email ON users (email)');\n";
    const down = "exports.down = (knex) => knex.raw('DROP INDEX by_email');\n";
    const project = await pending(`${up}${down}`);
    const { outcome, findings } = await project.json('up', '--safe');
    expect(outcome).toBe('blocked');
    const advice = /Have it run in none: (.*;)/.exec(findings[0]?.message ?? '')?.[1] ?? '';
    expect(advice).toBe('exports.config = { transaction: false };');
    await project.put({ [`migrations/${second}`]: `${up}${down}${advice}\n` });
    expect(await project.json('up', '--safe')).toMatchObject({ outcome: 'promoted', exitCode: 0 });
  });

  test('that never comes to its end is ended, and says so', async () => {
    const project = await pending('exports.up = () => new Promise(() => {});\nexports.down = async () => {};\n');
    const result = await project.json('up', '--safe');
    expect([result.outcome, result.exitCode]).toEqual(['blocked', 3]);
    expect(result.findings.map(({ message }) => message).join()).toContain('never comes to its end');
    await untouched(project);
  });

  test('that waits for what does come is waited for', async () => {
    const project = await pending(`
exports.up = async (knex) => {
  if (process.send) await new Promise((resolve) => setTimeout(resolve, 11_000));
  await knex('users').insert({ email: 'c' });
};
`);
    expect((await project.json('up', '--safe')).outcome).toBe('promoted');
  });

  test('that opens a connection of its own, from the environment or by name, is refused main', async () => {
    const open =
      engine === 'sqlite'
        ? "new (require('better-sqlite3'))('app.db')"
        : "await (() => { const { Client } = require('pg'); const c = new Client(require('../knexfile.js').connection); return c.connect().then(() => c); })()";
    const write =
      engine === 'sqlite' ? `own.exec("DELETE FROM users")` : `await own.query('DELETE FROM users'); await own.end()`;
    const project = await pending(`
exports.up = async () => { const own = ${open}; ${write}; };
exports.down = async () => {};
`);
    const result = await project.json('up', '--safe');
    expect([result.outcome, result.exitCode]).toEqual(['blocked', 3]);
    expect(result.findings.map(({ message }) => message).join()).toContain('Opening main was refused');
    await untouched(project);
  });

  test('without a down is applied, and is refused its way back', async () => {
    const project = await pending("exports.up = (knex) => knex('users').insert({ email: 'c' });\n");
    expect((await project.json('up', '--safe')).outcome).toBe('promoted');
    const back = await project.json('down', '--safe');
    expect([back.outcome, back.error?.code]).toEqual(['failed', 'BAD_MIGRATION']);
    expect(back.error?.message).toContain(`${second} has no down`);
  });

  test('that exports nothing to run is said to', async () => {
    const project = await pending('exports.upp = async () => {}; exports.down = async () => {};\n');
    const result = await project.json('up', '--safe');
    expect(result.outcome).toBe('blocked');
    expect(result.findings.map(({ message }) => message).join()).toContain(`${second} exports no function up`);
  });

  test('that was changed after Knex applied it, and again after Forerun adopted it, is drift', async () => {
    const project = await pending(
      "exports.up = (knex) => knex('users').insert({ email: 'c' });\nexports.down = async () => {};\n",
    );
    await project.json('up', '--safe');
    await project.put({ [`migrations/${first}`]: `${users}\n// changed` });
    const result = await project.json('up', '--safe');
    expect(result.outcome).toBe('blocked');
    expect(result.drift).toMatchObject([{ kind: 'changed', name: first }]);
  });
});
