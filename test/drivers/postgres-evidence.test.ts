import { Client } from 'pg';
import { expect, test } from 'vitest';
import { postgres } from '../../src/drivers/postgres.ts';
import { gate, type Evidence, type Source, type Target } from '../../src/index.ts';
import { runText } from '../../src/reports/run-text.ts';
import { plain } from '../../src/reports/style.ts';
import { startPostgres } from '../support/postgres.ts';
import { postgresProject } from './fixtures/postgres-project.ts';

const seed = `
  CREATE EXTENSION pgstattuple; CREATE TABLE notes (id integer PRIMARY KEY, body text); CREATE INDEX by_body ON notes (body);
  INSERT INTO notes SELECT n, 'note ' || n FROM generate_series(1, 2100) AS n; DELETE FROM notes WHERE id > 2000`;

const statements = [
  "UPDATE notes SET body = body || ' (secret)' WHERE id <= 500",
  'ALTER TABLE notes ADD COLUMN random double precision DEFAULT random()',
  'SELECT pg_sleep(0.3)',
];

/** What one migration in three forms is to be measured to have done. */
const measured = (query: string | undefined): Record<string, unknown> => ({
  ms: expect.any(Number),
  locks: expect.arrayContaining([
    expect.objectContaining({
      relation: 'public.notes',
      mode: 'ACCESS EXCLUSIVE',
      heldMs: expect.any(Number),
      statement: query === undefined ? 2 : 0,
    }),
  ]),
  waits: [{ table: 'public.notes', readMs: expect.any(Number), writeMs: expect.any(Number) }],
  rewrites: expect.arrayContaining(['public.notes', 'public.by_body', 'public.notes_pkey']),
  walBytes: expect.any(Number),
  tables: [
    expect.objectContaining({
      table: 'public.notes',
      rowsBefore: 2000,
      rowsAfter: 2000,
      bytesBefore: expect.any(Number),
      bytesAfter: expect.any(Number),
      deadRowsBefore: 100,
      deadRowsAfter: 0,
    }),
  ],
  indexes: expect.arrayContaining([
    {
      index: 'public.by_body',
      bytesBefore: expect.any(Number),
      bytesAfter: expect.any(Number),
      bloat: expect.any(Number),
      bloatBefore: expect.any(Number),
    },
  ]),
  schema: expect.objectContaining({ diff: [{ object: 'table public.notes', change: 'changed' }] }),
});

test('a script, a function and another program are measured alike, in the document and for people', async () => {
  await using server = await startPostgres({ version: 15, settings: { autovacuum: 'off' } });
  await using project = await postgresProject(server, seed);
  await project.migration('001_it.sql', `${statements.join(';\n')};`);
  const script = await gate(project.config());
  const evidence = script.migrations[0]?.evidence as Evidence;
  expect(evidence).toMatchObject(measured(undefined));
  expect(evidence.statements).toMatchObject([
    { sql: statements[0], line: 1, rows: 500, ms: expect.any(Number), assigns: ['public.notes.body'] },
    { sql: statements[1], line: 2, ms: expect.any(Number) },
    { sql: statements[2], line: 3, ms: expect.any(Number) },
  ]);
  const text = runText(script, { style: plain, cwd: '/', verbose: true });
  expect(text).toMatch(
    /Statements, measured on the branch\n.*Line.*Took.*Rows.*Locks\n\s+001_it\s+1\s+UPDATE notes.*\s500\b/,
  );
  expect(text).toMatch(/ 2 {2}ALTER TABLE notes ADD .* ACCESS EXCLUSIVE of public\.notes [\d.]+ m?s/);
  expect(text).toMatch(
    /Sizes, before and after\n.*Rows.*Size.*Dead rows.*Bloat\n\s+001_it\s+public\.notes\s+2000\s+[\d.]+ kB/,
  );
  expect(text).toMatch(/public\.by_body\s+[\d.]+ kB → [\d.]+ kB\s+\d+ % → \d+ %/);

  const driver = postgres();
  const bySession = async (target: Target): Promise<void> => {
    const client = new Client({ connectionString: target.variable });
    await client.connect();
    for (const sql of ['BEGIN', ...statements, 'COMMIT']) await client.query(sql);
    await client.end();
  };
  const forms: Record<string, Source> = {
    function: codeSource((target, attempt) =>
      driver.transaction(target, attempt, async (connection) => {
        for (const sql of statements) await connection.query(sql);
      }),
    ),
    program: codeSource(bySession),
  };
  for (const [form, source] of Object.entries(forms)) {
    const result = await gate(project.config({ source, driver, policy: { 'data-preserved': 'warn' } }));
    const found = result.migrations[0]?.evidence as Evidence;
    expect(found, form).toMatchObject(measured('any'));
    expect(found.queries, form).toContainEqual({
      sql: 'SELECT pg_sleep($1)',
      times: 1,
      ms: expect.any(Number) as number,
      longestMs: expect.any(Number) as number,
    });
    expect(JSON.stringify(result), form).not.toContain('secret');
    expect(runText(result, { style: plain, cwd: '/', verbose: true }), form).toMatch(
      / SELECT pg_sleep\(\$1\) +[\d.]+ ms/,
    );
  }
}, 60_000);

function codeSource(up: Awaited<ReturnType<Source['migrations']>>[number]['up']): Source {
  return {
    name: 'code',
    migrations: async () => [
      { version: '1', name: '001_code', checksum: 'sha256:0', text: 'a function', language: 'code', up },
    ],
  };
}
