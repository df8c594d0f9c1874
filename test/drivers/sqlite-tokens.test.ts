import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { quoteIdentifier, tokensOf, unquote } from '../../src/drivers/sqlite/tokens.ts';
import { garbage, seeded } from './sqlite-scripts.ts';

describe('tokens', () => {
  test('cover every character of a script once, with offset and line', () => {
    const random = seeded(3);
    for (let round = 0; round < 200; round += 1) {
      const script = Array.from({ length: 20 }, () => garbage[random(garbage.length)]).join('');
      let offset = 0;
      for (const token of tokensOf(script)) {
        expect(token.start).toBe(offset);
        expect(token.line).toBe(script.slice(0, offset).split('\n').length);
        offset += token.text.length;
      }
      expect(offset).toBe(script.length);
    }
  });

  test('are told apart', () => {
    const script = "größe\"a\"\"b\"`c`[d]'e''f'X'00'0x1F 1_0.5e-3 .5 ?1 :a @b $c->>x||-- z\n<=";
    expect(
      tokensOf(script)
        .filter((token) => token.kind !== 'space')
        .map((token) => [token.kind, token.text]),
    ).toEqual([
      ['word', 'größe'],
      ['identifier', '"a""b"'],
      ['identifier', '`c`'],
      ['identifier', '[d]'],
      ['string', "'e''f'"],
      ['blob', "X'00'"],
      ['number', '0x1F'],
      ['number', '1_0.5e-3'],
      ['number', '.5'],
      ['parameter', '?1'],
      ['parameter', ':a'],
      ['parameter', '@b'],
      ['parameter', '$c'],
      ['operator', '->>'],
      ['word', 'x'],
      ['operator', '||'],
      ['comment', '-- z'],
      ['operator', '<='],
    ]);
  });

  test('name what they name without quotes and escapes', () => {
    const names = tokensOf('plain "a""b" `c``d` [e""f] \'g\'\'h\'').filter((token) => token.kind !== 'space');
    expect(names.map(unquote)).toEqual(['plain', 'a"b', 'c`d', 'e""f', "g'h"]);
  });

  test('name any table again once it is quoted', () => {
    const database = new Database(':memory:');
    for (const name of ['a', 'order', 'a"b', 'c;d', "e'f", 'g]h', 'größe 🙂', 'i\nj', '""', '--k', '']) {
      database.exec(`CREATE TABLE ${quoteIdentifier(name)}(x)`);
      expect(database.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(name), name).toBeDefined();
      expect(tokensOf(quoteIdentifier(name)).map(unquote)).toEqual([name]);
    }
    database.close();
  });
});
