import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { trailbaseDriver } from '../../../adapters/trailbase.ts';
import { standInsIn } from '../../../adapters/trailbase/stand-ins.ts';
import { registerUuids } from '../../../adapters/trailbase/uuid.ts';
import { gate, up } from '../../../src/run.ts';
import { newDepot } from '../fixtures/trailbase/depot.ts';
import { ownInMain, startTrail } from '../fixtures/trailbase/trail.ts';

function ask(sql: string, ...params: unknown[]): unknown {
  const database = new Database(':memory:');
  onTestFinished(() => void database.close());
  registerUuids(database);
  return database
    .prepare(`SELECT ${sql}`)
    .pluck()
    .get(...params);
}

const v4 = '936da01f-9abd-4d9d-80c7-02af85c822a8';
const v7 = '01890a5d-ac96-774b-bcce-b302099a8057';
const bytes = (uuid: string): Buffer => Buffer.from(uuid.replaceAll('-', ''), 'hex');

describe('the functions for UUIDs', () => {
  test.each([
    ['is_uuid', [v4, v7, bytes(v4), null, v4.toUpperCase(), `{${v4}}`, `urn:uuid:${v4}`, v4.replaceAll('-', '')]],
    ['is_uuid_v4', [v4, bytes(v4), null]],
    ['is_uuid_v7', [v7, bytes(v7), null]],
  ])('%s takes what is one, and NULL', (name, values) => {
    for (const value of values) expect([value, ask(`${name}(?)`, value)]).toEqual([value, 1]);
  });

  test.each([
    ['is_uuid', ['', 'x', `${v4}0`, `${v4.slice(0, 8)}${v4.slice(9)}-`, bytes(v4).subarray(1), Buffer.alloc(0), 5]],
    ['is_uuid_v4', [v7, bytes(v7), 'x']],
    ['is_uuid_v7', [v4, bytes(v4), Buffer.alloc(16)]],
  ])('%s takes nothing else', (name, values) => {
    for (const value of values) expect([value, ask(`${name}(?)`, value)]).toEqual([value, 0]);
  });

  test('make UUIDs of their version, each another', () => {
    for (const version of ['v4', 'v7']) {
      expect(ask(`is_uuid_${version}(uuid_${version}())`)).toBe(1);
      expect(ask(`uuid_${version}() = uuid_${version}()`)).toBe(0);
      expect(ask(`uuid_text(uuid_${version}())`)).toMatch(
        new RegExp(`^[0-9a-f]{8}-[0-9a-f]{4}-${version[1]}[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`),
      );
    }
    const before = Date.now();
    const made = (ask('uuid_v7()') as Buffer).readUIntBE(0, 6);
    expect(made).toBeGreaterThanOrEqual(before);
    expect(made).toBeLessThanOrEqual(Date.now());
  });

  test('write and read their text', () => {
    expect(ask('uuid_text(?)', bytes(v7))).toBe(v7);
    expect(ask('uuid_parse(?)', v7.toUpperCase())).toEqual(bytes(v7));
    for (const wrong of ['x', null, bytes(v7), 5]) expect(() => ask('uuid_parse(?)', wrong)).toThrow('uuid_parse');
    for (const wrong of [v7, null, Buffer.alloc(15)]) expect(() => ask('uuid_text(?)', wrong)).toThrow('uuid_text');
  });
});

test('stand-ins are found where a text calls them, and not where it speaks of them', () => {
  const sql = `-- is_email(x)
CREATE TABLE t (a TEXT CHECK (Is_Email (a)), is_json TEXT, b TEXT DEFAULT 'jsonschema(', c TEXT CHECK (c REGEXP '^a'));
SELECT "base64"(a) FROM t;`;
  expect([...standInsIn(sql)].toSorted()).toEqual(['base64', 'is_email', 'regexp']);
});

describe('a migration that names what only TrailBase can answer', () => {
  const checked = `CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT CHECK (is_email(email)), photo TEXT CHECK (jsonschema('std.FileUpload', photo, 'image/png'))) STRICT;
ALTER TABLE users ADD COLUMN photo TEXT CHECK (jsonschema('std.FileUpload', photo));
INSERT INTO people (email) VALUES (NULL);
`;

  test('and does not call it is replayed on main, and marked', async () => {
    const depot = await newDepot();
    await depot.migration('U1790000000__people.sql', checked);
    const result = await up(await depot.setup(), { safe: true });
    expect(result).toMatchObject({ outcome: 'promoted', migrations: [{ promotion: 'replay' }] });
    expect(result.findings).toMatchObject([{ severity: 'note', migration: 'U1790000000__people' }]);
    expect(result.findings[0]?.message).toContain('stand-ins for is_email(), jsonschema()');
    expect(startTrail(depot, ownInMain)).toEqual({ runs: [], passesOver: [] });
  });

  test('is never swapped in', async () => {
    const depot = await newDepot();
    await depot.migration('U1790000000__people.sql', checked);
    const before = depot.history();
    const result = await up(await depot.setup(), { safe: true, allOrNothing: true });
    expect(result).toMatchObject({ outcome: 'rolled-back', exitCode: 3 });
    expect(JSON.stringify(result.findings)).toContain('without --all-or-nothing');
    expect(depot.history()).toEqual(before);
  });
});

describe('a migration that calls what only TrailBase can answer', () => {
  test.each([
    [
      'by itself',
      'hash_password',
      "INSERT INTO users (email, name) VALUES ('d@example.com', hash_password('s3cret'));",
    ],
    ['through a CHECK that was there', 'is_email', "INSERT INTO _user (email) VALUES ('d@example.com');"],
    ['by an operator', 'regexp', "DELETE FROM orders WHERE 'abc' REGEXP '^x';"],
  ])('%s is judged, marked, and not promoted', async (_, name, sql) => {
    const depot = await newDepot();
    await depot.migration('U1790000000__first.sql', 'CREATE TABLE first (id INTEGER);\n');
    await depot.migration('U1790000001__second.sql', `${sql}\n`);
    const setup = await depot.setup();
    const judged = await gate(setup);
    expect(judged).toMatchObject({ outcome: 'passed' });
    expect(judged.findings.map(({ message }) => message).join()).toContain(`stand-ins for ${name}(), which it calls`);
    const result = await up(setup, { safe: true });
    expect(result).toMatchObject({ outcome: 'partly-promoted', exitCode: 3 });
    const stopped = result.findings.find(({ severity }) => severity === 'block');
    expect(stopped?.message).toContain(`U1790000001__second needs ${name}()`);
    expect(stopped?.message).toContain('trail run');
    expect(startTrail(depot, ownInMain)).toEqual({ runs: ['U1790000001__second.sql'], passesOver: [] });
  });

  test('fails on main without a rehearsal, before anything is written by a stand-in', async () => {
    const depot = await newDepot();
    await depot.migration(
      'U1790000000__user.sql',
      "INSERT INTO users (email, name) VALUES ('d@example.com', hash_password('s3cret'));\n",
    );
    const result = await up(await depot.setup());
    expect(result).toMatchObject({ exitCode: 3 });
    expect(JSON.stringify(result)).toContain('It calls hash_password(), which only TrailBase itself can answer');
    expect(depot.read('SELECT count(*) FROM users')).toEqual([3]);
    expect(startTrail(depot, ownInMain).runs).toEqual(['U1790000000__user.sql']);
  });
});

test('a table that calls a function that nobody stands in for cannot be written, and it is said why', async () => {
  const depot = await newDepot();
  const wasm = new Database(depot.path);
  wasm.function('my_area', { deterministic: true }, (area: unknown) => Number(area));
  wasm.exec('CREATE TABLE areas (a REAL CHECK (my_area(a) > 0)); INSERT INTO areas VALUES (1)');
  wasm.close();
  await depot.migration('U1790000000__area.sql', 'INSERT INTO areas VALUES (2);\n');
  const blocked = await up(await depot.setup(), { safe: true });
  expect(blocked).toMatchObject({ outcome: 'blocked' });
  expect(blocked.findings.map(({ message }) => message).join()).toContain('my_area(). Where TrailBase has it');
});

test('a function that nobody stands in for fails the rehearsal, unless the project brings it', async () => {
  const depot = await newDepot();
  await depot.migration('U1790000000__area.sql', 'CREATE TABLE areas (a REAL CHECK (my_area(a) > 0));\n');
  const blocked = await up(await depot.setup(), { safe: true });
  expect(blocked).toMatchObject({ outcome: 'blocked', findings: [{ gate: 'applies', where: { line: 1 } }] });
  expect(blocked.findings[0]?.message).toContain('no such function: my_area. Where TrailBase has it');
  const driver = trailbaseDriver({
    setup: (database) => void database.function('my_area', {}, (area: unknown) => Number(area)),
  });
  expect(await up(await depot.setup({}, { driver }), { safe: true })).toMatchObject({ outcome: 'promoted' });
});
