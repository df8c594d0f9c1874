import { afterAll, describe, expect, test } from 'vitest';
import { assignedBy } from '../../src/drivers/sqlite/assignments.ts';
import { differences, forAssignments, triggersFired } from './sqlite-oracle.ts';
import { blanks, seeded } from './sqlite-scripts.ts';
import type { Random } from './sqlite-scripts.ts';

const database = forAssignments();
afterAll(() => database.close());

describe('whatever the expressions and blanks are', () => {
  const columns = ['a', 'b', 'c', '"from"', '"größe;"'];

  test('an UPDATE assigns the columns whose triggers fire', () => {
    const random = seeded(11);
    for (let round = 0; round < 300; round += 1) {
      const set = shuffled(columns.slice(1), random).slice(0, 1 + random(3));
      const values = set.map(() => expression(random, 3));
      const pairs =
        random(3) === 0
          ? `( ${set.join(' , ')} ) = ( ${values.join(' , ')} )`
          : set.map((name, at) => `${name} = ${values[at]}`).join(' , ');
      const end = pick(random, [
        '',
        'WHERE id > 0',
        'FROM ( SELECT 1 AS x ) WHERE x = 1',
        'RETURNING a , b',
        'WHERE 1 ORDER BY b LIMIT 9',
      ]);
      const head = pick(random, [
        'UPDATE t',
        'UPDATE OR FAIL t AS t',
        'WITH x AS ( SELECT 1 , 2 ) UPDATE main . t NOT INDEXED',
      ]);
      const sql = spaced(`${head} SET ${pairs} ${end}`, random);
      const names = set.map((name) => name.replaceAll('"', ''));
      expect(assignedBy(sql), sql).toEqual(names.map((name) => `t.${name}`));
      expect(triggersFired(database, sql), sql).toEqual(new Set(names));
    }
  });

  test('a rebuild copies the columns that it does not assign', () => {
    const random = seeded(12);
    for (let round = 0; round < 300; round += 1) {
      const to = shuffled(columns, random).slice(0, 1 + random(5));
      const results = to.map((name) =>
        random(2)
          ? `${pick(random, ['', 't . ', 'main . t . '])}${name}${pick(random, ['', ' AS x', ' y'])}`
          : expression(random, 3),
      );
      const sql = spaced(
        `INSERT INTO new ( ${to.join(' , ')} ) SELECT ALL ${results.join(' , ')} FROM t ORDER BY id`,
        random,
      );
      const assignments = assignedBy(sql);
      const copied = to.filter((name) => !assignments.includes(`new.${name.replaceAll('"', '')}`));
      const computed = to.filter((_, at) => /[(|']|^\d|^CASE|DISTINCT/.test(results[at] ?? ''));
      expect(copied, sql).toEqual(to.filter((name) => !computed.includes(name)));
      expect(differences(database, sql, copied), sql).toEqual([]);
    }
  });
});

/** An expression over the columns of t, with everything in it that could be taken for something else. */
function expression(random: Random, depth: number): string {
  const inner = (): string => (depth === 0 ? pick(random, ['1', 'b', "',a=1'", 't.c']) : expression(random, depth - 1));
  return pick(random, [
    () => "'it''s,\u0001WHERE\u0001(\u0001FROM'",
    () => '12.5e1',
    () => `( ${inner()} )`,
    () => `max( ${inner()} , ${inner()} )`,
    () => `CASE WHEN ${inner()} THEN ${inner()} ELSE ${inner()} END`,
    () => `( SELECT ${inner()} FROM old WHERE 0 LIMIT 1 )`,
    () => `b IS NOT DISTINCT FROM ( ${inner()} )`,
    () => `c || ( ${inner()} )`,
  ])();
}

function pick<T>(random: Random, of: readonly T[]): T {
  return of[random(of.length)] as T;
}

function shuffled<T>(of: readonly T[], random: Random): readonly T[] {
  return of
    .map((item) => ({ item, key: random(1e9) }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

function spaced(sql: string, random: Random): string {
  return sql.replaceAll(' ', () => pick(random, blanks)).replaceAll('\u0001', ' ');
}
