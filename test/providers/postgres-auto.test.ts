import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auto } from '../../src/providers/auto.ts';
import { choose, type Candidate } from '../../src/providers/postgres/choice.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';

const free = (way: Candidate['way'], bytes = 1e9): Candidate => ({ way, bytes });
const not = (way: Candidate['way'], problem: string): Candidate => ({ way, bytes: 1e9, problem });

describe('the choice among the ways to copy', () => {
  it.each([
    ['template where nobody is connected', [free('template'), free('dump'), free('clone', 9e9)], 'template'],
    ['clone for a large cluster', [not('template', 'busy'), free('dump', 9e9), free('clone', 9e9)], 'clone'],
    ['dump for a small one', [not('template', 'busy'), free('dump'), free('clone')], 'dump'],
    ['clone where nothing else is left', [not('template', 'busy'), not('dump', 'no rights'), free('clone')], 'clone'],
  ])('is %s', (_what, candidates, way) => {
    expect(choose(candidates).way).toBe(way);
  });

  it('says what it is, about how long that takes, and why no other', () => {
    expect(choose([not('template', 'somebody is connected: pid 7.'), free('dump', 120e6), free('clone')]).words).toBe(
      'Copies are made by dump (120 MB, about 1.5 s each): it copies a database that others use; not by template: somebody is connected: pid 7.',
    );
  });

  it('says what is in the way of each where none is left', () => {
    const none = (): unknown => choose([not('template', 'a'), not('dump', 'b'), not('clone', 'c')]);
    expect(none).toThrow('There is no way to copy this database:\n  template: a\n  dump: b\n  clone: c');
  });
});

describe('copies by the way that fits', { timeout: 60_000 }, () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  const newMain = async (): Promise<{ url: string; variable: string }> => {
    const url = await server.createDatabase();
    await server.query('CREATE TABLE notes (id int PRIMARY KEY)', new URL(url).pathname.slice(1));
    return { url, variable: url };
  };

  it('are databases beside a main that nobody uses', async () => {
    const main = await newMain();
    const provider = auto();
    await using checkpoint = await provider.checkpoint(main, { label: 'base' });
    expect(await provider.explain?.(main)).toMatch(/^Copies are made by template .*nobody is connected to main/);
    const branch = await provider.branch(checkpoint, { label: 'b' });
    expect((await provider.list(main)).map(({ label }) => label)).toEqual(['base', 'b']);
    await provider.discard(branch);
    await provider.discard(checkpoint);
    expect(await provider.list(main)).toEqual([]);
  });

  it('are databases beside a main that others look into for a moment only', async () => {
    const main = await newMain();
    const client = new Client({ connectionString: main.url });
    await client.connect();
    const leaving = client.query('SELECT pg_sleep(0.1)').then(() => client.end());
    await using checkpoint = await auto().checkpoint(main, { label: 'base' });
    expect(checkpoint.way).toBe('wal_log');
    await leaving;
  });

  it('are dumps of one that somebody uses, who is named', async () => {
    const main = await newMain();
    const client = new Client({ connectionString: main.url, application_name: 'shop' });
    await client.connect();
    const provider = auto();
    expect(await provider.explain?.(main)).toMatch(
      /^Copies are made by dump .*; not by template: somebody is connected: pid \d+ "shop"/,
    );
    await using checkpoint = await provider.checkpoint(main, { label: 'base' });
    expect(checkpoint.way).toBe('dump');
    expect(await provider.moved(checkpoint)).toBeTypeOf('boolean');
    for (const copy of await provider.list(main)) await provider.discard(copy);
    await client.end();
  });

  it('are dumps as soon as somebody comes, which is said', async () => {
    const main = await newMain();
    const provider = auto({ aloneWaitMs: 100 });
    const told: string[] = [];
    const making = { label: 'base', waiting: (message: string) => void told.push(message) };
    await using first = await provider.checkpoint(main, making);
    const client = new Client({ connectionString: main.url, application_name: 'shop' });
    await client.connect();
    await using second = await provider.checkpoint(main, making);
    expect([first.way, second.way]).toEqual(['wal_log', 'dump']);
    expect(told).toEqual([
      expect.stringMatching(/made by dump .*; not by template: somebody is connected: pid \d+ "shop"/),
    ]);
    for (const copy of await provider.list(main)) await provider.discard(copy);
    await client.end();
  });

  it('cannot be made by a role without any right, which is said of each way', async () => {
    const main = await newMain();
    await server.query('CREATE ROLE nobody LOGIN');
    const url = main.url.replace('postgres@', 'nobody@');
    const error: unknown = await auto()
      .checkpoint({ url, variable: url }, { label: 'base' })
      .then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
    expect(error).toMatchObject({ code: 'PROVIDER_FAILED' });
    expect(String(error)).toMatch(
      /template: the role nobody may not create databases .*\n.*dump: .*CREATEDB.*\n.*clone: /,
    );
  });
});
