import { expect, test } from 'vitest';
import { messageOf } from '../src/error.ts';

test('of a thrown object no value is told, and nothing that is thrown stops the telling', () => {
  const circular: { self?: unknown } = {};
  circular.self = circular;
  const thrown = [{ email: 'alice@example.com', ssn: '123' }, { count: 1n }, circular, Symbol('s'), () => 1, null, 7];
  const told = thrown.map(messageOf);
  expect(told[0]).toBe('a value that is no Error was thrown, an object with email, ssn');
  expect(told.every((text) => text.startsWith('a value that is no Error was thrown'))).toBe(true);
});
