import { describe, expect, test } from 'vitest';
import { ForerunError } from '../../src/error.ts';
import { makeErrors, sayWords, wordsSaid } from '../../src/drivers/sqlite-in-vm/errors.ts';
import { decode, encode } from '../../src/drivers/sqlite-in-vm/wire.ts';

const overThere = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

describe('what goes to another process', () => {
  test.each<[string, unknown]>([
    ['integers that a number cannot hold', [2n ** 63n - 1n, -1n]],
    ['numbers that JSON has no word for', [NaN, Infinity, -Infinity, -0, 1e21]],
    ['bytes', Buffer.from([0, 1, 255])],
    ['nothing in three ways', [null, undefined, '']],
    ['a map of maps', new Map([['a', new Map([[1n, Buffer.from('x')]])]])],
    ['columns with odd names', { $: { $: 1 }, ['__proto__']: 2, of: 'x', '': null }],
    ['a column whose value looks like ours', { $: 'bigint', of: '7' }],
  ])('arrives as it was: %s', (_, value) => {
    expect(decode(overThere(encode(value)))).toEqual(value);
    expect(Object.is(decode(overThere(encode(-0))), -0)).toBe(true);
  });

  test('leaves functions where they are', () => {
    expect(() => encode({ act: () => {} })).toThrow('stays where it is');
  });

  test('is the same error again where it comes back, also as a cause', () => {
    const [here, there] = [makeErrors(), makeErrors()];
    const thrown = new RangeError('on purpose');
    const arrived = there.decode(overThere(here.encode(thrown))) as Error;
    expect(arrived).not.toBe(thrown);
    expect(arrived).toMatchObject({ name: 'RangeError', message: 'on purpose' });
    const wrapped = new ForerunError('TRANSACTION_ESCAPED', 'escaped', {
      details: { where: { line: 3 } },
      next: 'do',
      cause: arrived,
    });
    const back = here.decode(overThere(there.encode(wrapped)));
    expect(back).toBeInstanceOf(ForerunError);
    expect(back).toMatchObject({ code: 'TRANSACTION_ESCAPED', details: { where: { line: 3 } }, next: 'do' });
    expect((back as Error).cause).toBe(thrown);
    expect(here.decode(overThere(there.encode(arrived)))).toBe(thrown);
  });

  test('keeps of an error what decides what is done about it, and what may be shown', () => {
    const [here, there] = [makeErrors(), makeErrors()];
    const failed = Object.assign(new Error('UNIQUE'), { code: 'SQLITE_CONSTRAINT_UNIQUE' });
    sayWords(failed, 'what may be shown');
    const arrived = here.decode(overThere(there.encode(failed)));
    expect(arrived).toMatchObject({ message: 'UNIQUE', code: 'SQLITE_CONSTRAINT_UNIQUE' });
    expect(wordsSaid(arrived)).toBe('what may be shown');
    const aborted = here.decode(overThere(there.encode(new DOMException('stop', 'AbortError'))));
    expect(aborted).toMatchObject({ name: 'AbortError' });
    const both = here.decode(overThere(there.encode(new AggregateError([failed, 'text'], 'both'))));
    expect((both as AggregateError).errors.map(({ message }: Error) => message)).toEqual(['UNIQUE', 'text']);
  });
});
