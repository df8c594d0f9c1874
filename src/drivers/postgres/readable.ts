import type { TypeParsers } from './client.ts';

/** Nothing is lost on the way: times as text (a Date has no microseconds), int8 as number where a number can hold it. */
export function readable(types: TypeParsers): TypeParsers {
  return {
    getTypeParser(oid, format) {
      if (format === 'binary') return types.getTypeParser(oid, format);
      if (oid === int8) return integer;
      return times.has(oid) ? (text) => text : types.getTypeParser(oid, format);
    },
  };
}

const int8 = 20;

/** date, time, timestamp, timestamptz, interval, timetz. */
const times: ReadonlySet<number> = new Set([1082, 1083, 1114, 1184, 1186, 1266]);

function integer(text: string): number | bigint {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}
