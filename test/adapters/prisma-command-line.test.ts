import { cp, readFile, rm, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { forerun, forerunJson } from '../support/cli.ts';
import { init } from '../../src/verbs/init.ts';
import { sqliteProject, type PrismaProject } from './fixtures/prisma/project.ts';

const name = '20240101000000_init';

async function project(files: Readonly<Record<string, string>> = {}): Promise<PrismaProject> {
  const made = await sqliteProject();
  await made.migration(name, 'CREATE TABLE "User" ("id" INTEGER NOT NULL PRIMARY KEY);\n');
  await made.put(files);
  return made;
}

describe('the command line', () => {
  test('needs no configuration: --adapter prisma is enough', async () => {
    const { root, engine } = await project();
    const status = await forerun(['status', '--adapter', 'prisma'], { cwd: root });
    expect(status.stdout).toContain(`pending  ${name}`);
    expect(await forerunJson(['up', '--safe', '--adapter', 'prisma'], { cwd: root })).toMatchObject({
      outcome: 'promoted',
    });
    expect(await engine().diagnose()).toMatchObject({ history: null });
  });

  test('goes where Prisma goes, whatever else is in the environment', async () => {
    const { root, address } = await project({ '.env': 'DATABASE_URL=file:./nowhere.db\n' });
    const env = { DATABASE_URL: 'postgres://elsewhere/db' };
    const result = await forerunJson(['gate', '--adapter', 'prisma'], { cwd: root, env });
    expect(result).toMatchObject({ outcome: 'passed', database: `sqlite:${address}` });
  });

  test('reads what the schema takes from the environment as Prisma does', async () => {
    const { root, address } = await project({
      'prisma/schema.prisma': 'datasource db {\n  provider = "sqlite"\n  url = env("DATABASE_URL")\n}\n',
    });
    const env = { DATABASE_URL: 'file:./dev.db' };
    const result = await forerunJson(['gate', '--adapter', 'prisma'], { cwd: root, env });
    expect(result).toMatchObject({ outcome: 'passed', database: `sqlite:${address}` });
    const without = await forerun(['status', '--adapter', 'prisma'], { cwd: root });
    expect(without).toMatchObject({ exitCode: 2 });
    expect(without.stderr).toContain("takes the database's address from DATABASE_URL, which is not set");
  });

  test.each([
    ['a variable without quotes', 'url = env(DATABASE_URL)', ':3: `url` of the datasource cannot be read'],
    ['a text in single quotes', "url = 'file:./dev.db'", ':3: `url` of the datasource cannot be read'],
    ['a text without its end', 'url = "postgres://shop:secret@host/shop', ':3: `url` of the datasource'],
    ['another one', 'directUrl = DIRECT\n  url = "file:./dev.db"', ':3: `directUrl` of the datasource'],
    ['a path alone', 'url = "./dev.db"', 'names is malformed: it does not begin with file:'],
  ])('says of an address that is malformed what is wrong, and where: %s', async (_, url, what) => {
    const { root } = await project({
      'prisma/schema.prisma': `datasource db {\n  provider = "sqlite" // ours\n  ${url}\n}\n`,
    });
    const { exitCode, stderr } = await forerun(['status', '--adapter', 'prisma'], { cwd: root });
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`${join(root, 'prisma/schema.prisma')}${what.startsWith(':') ? '' : ' '}${what}`);
    expect(stderr).not.toContain('secret');
  });

  test.each([
    ['postgresql://shop:se/cret@host:x/shop', 'it is no URL (in a password'],
    ['file:./dev.db', 'it does not begin with postgresql://'],
  ])('says of an address in a variable that is malformed what is wrong: %s', async (address, what) => {
    const { root } = await project({
      'prisma/schema.prisma': 'datasource db {\n  provider = "postgresql"\n  url = env("SHOP")\n}\n',
    });
    const { exitCode, stderr } = await forerun(['status', '--adapter', 'prisma'], {
      cwd: root,
      env: { SHOP: address },
    });
    expect(exitCode).toBe(2);
    expect(stderr).toContain(
      `The address that SHOP, for ${join(root, 'prisma/schema.prisma')}, names is malformed: ${what}`,
    );
    expect(stderr).not.toContain('cret');
  });

  test('says of a database file that is not there what to type, and goes on once that is done', async () => {
    const { root, address } = await project();
    await rm(address);
    const { exitCode, stderr } = await forerun(['up', '--safe', '--adapter', 'prisma'], { cwd: root });
    expect(exitCode).toBe(2);
    const line = /^→ Check the address\. To begin with an empty database: (.*)$/m.exec(stderr)?.[1] ?? '';
    await execa('sh', ['-c', line]);
    expect(await forerunJson(['up', '--safe', '--adapter', 'prisma'], { cwd: root })).toMatchObject({
      outcome: 'promoted',
    });
  });

  test('lets --database go before', async () => {
    const { root } = await project();
    await cp(join(root, 'prisma/dev.db'), join(root, 'other.db'));
    const args = ['gate', '--adapter', 'prisma', '--database', 'other.db'];
    expect(await forerunJson(args, { cwd: root })).toMatchObject({ database: `sqlite:${join(root, 'other.db')}` });
  });

  test('creates a migration in the form of Prisma, also where no database can be told', async () => {
    const { root } = await project({
      'prisma/schema.prisma': 'datasource db {\n  provider = "sqlite"\n  url = env("DATABASE_URL")\n}\n',
    });
    const { stdout, exitCode } = await forerun(['create', 'Add posts', '--adapter', 'prisma'], { cwd: root });
    expect(exitCode).toBe(0);
    const [file = '', lock = ''] = stdout.trim().split('\n');
    expect(file).toMatch(/prisma\/migrations\/\d{14}_add_posts\/migration\.sql$/);
    expect(await readFile(lock, 'utf8')).toContain('provider = "sqlite"');
  });

  test('says in status what stops a run, with what to do', async () => {
    const { root, query } = await project();
    await query('CREATE TABLE "Before" (i INTEGER)');
    const { stderr, exitCode } = await forerun(['status', '--adapter', 'prisma'], { cwd: root });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('forerun baseline');
  });
});

describe('init', () => {
  test('recognises a project of Prisma, and what it writes works', async () => {
    const { root } = await project({
      'package.json': '{ "type": "module", "devDependencies": { "prisma": "^6.19.0" } }',
    });
    const done = await init(root);
    expect(done).toMatchObject({
      found: 'Prisma, with prisma/schema.prisma',
      wrote: ['forerun.config.js', 'package.json'],
    });
    expect(done.next).toContain('npx forerun up --safe');
    await symlink(resolve('node_modules'), join(root, 'node_modules'));
    const result = await forerunJson(['up', '--safe'], { cwd: root });
    expect(result).toMatchObject({ outcome: 'promoted', migrations: [{ name }] });
  });
});
