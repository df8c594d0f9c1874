import { expect, test } from 'vitest';
import { plainIdentifier, quoteTable, tableName, tableParts } from '../../src/drivers/postgres/names.ts';
import { normalExpression } from '../../src/drivers/postgres/schema/expression.ts';
import { startPostgres } from '../support/postgres.ts';
import { sessionOn } from './fixtures/postgres-session.ts';

test('a name is quoted as PostgreSQL itself quotes it, and can be taken apart again', async () => {
  await using server = await startPostgres({ version: 18 });
  const keywords = await server.query('SELECT word FROM pg_get_keywords()');
  const names = [
    'plain',
    'Upper',
    'with space',
    'a.b',
    'a"b',
    '1st',
    'dollar$',
    'größe',
    '_x9',
    '""',
    '.',
    ...keywords.map(({ word }) => String(word)),
  ];
  await using session = await sessionOn(server.url());
  const [row] = await session.query(
    'SELECT array_agg(quote_ident(name) ORDER BY place) AS quoted FROM unnest($1::text[]) WITH ORDINALITY AS u(name, place)',
    [names],
  );
  expect(names.map(plainIdentifier)).toEqual(row?.['quoted']);
  for (const name of names) {
    expect(tableParts(tableName({ schema: name, table: 't' }))).toEqual({ schema: name, table: 't' });
    expect(tableParts(tableName({ schema: 's', table: name }))).toEqual({ schema: 's', table: name });
  }
  expect(quoteTable('public."Order ""x"""')).toBe('"public"."Order ""x"""');
  expect(() => quoteTable('users')).toThrow(TypeError);
});

test.each([
  [
    `(a = ANY ((ARRAY['x'::character varying, 'y'::character varying])::text[]))`,
    `(a = ANY (ARRAY[('x'::character varying)::text, ('y'::character varying)::text]))`,
  ],
  [
    `(ARRAY[',)]''('::bpchar, f("a,b'", (1))])::s."T,"[]`,
    `ARRAY[(',)]''('::bpchar)::s."T,", (f("a,b'", (1)))::s."T,"]`,
  ],
  [
    '((ARRAY[ARRAY[1, 2], ARRAY[3, 4]])::bigint[])',
    '(ARRAY[ARRAY[(1)::bigint, (2)::bigint], ARRAY[(3)::bigint, (4)::bigint]])',
  ],
  ['(ARRAY[a])::timestamp(3) without time zone[] = b', 'ARRAY[(a)::timestamp(3) without time zone] = b'],
  ['f(ARRAY[1, 2])', 'f(ARRAY[1, 2])'],
  ['((ARRAY[1, 2])[1])', '((ARRAY[1, 2])[1])'],
  ['(ARRAY[1, 2])::text', '(ARRAY[1, 2])::text'],
  [`'(ARRAY[' || x`, `'(ARRAY[' || x`],
  ['(((a AND b) AND (c AND (d OR (e OR f)))) OR g)', '((a AND b AND c AND (d OR e OR f)) OR g)'],
  [`((a = ' AND ') AND (b AND c) AND (NOT (d AND e)))`, `((a = ' AND ') AND b AND c AND (NOT (d AND e)))`],
  ['((a, b), (c AND d))', '((a, b), (c AND d))'],
  ['f((a AND b), c)) unbalanced', 'f((a AND b), c)) unbalanced'],
])('what comes back in another form from a dump has one form: %s', (written, normal) => {
  expect(normalExpression(written)).toBe(normal);
  expect(normalExpression(normal)).toBe(normal);
});
