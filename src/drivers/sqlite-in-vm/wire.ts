/**
 * Values on their way between two processes, exactly as they are: JSON, in which whatever JSON has no word for is an
 * object with the key `$`.
 */
export function encode(value: unknown): unknown {
  if (value === undefined) return { $: 'undefined' };
  if (typeof value === 'bigint') return { $: 'bigint', of: String(value) };
  if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0)))
    return { $: 'number', of: Object.is(value, -0) ? '-0' : String(value) };
  if (value === null || typeof value !== 'object') return plain(value);
  if (value instanceof Uint8Array) return { $: 'bytes', of: Buffer.from(value).toString('base64') };
  if (value instanceof Map) return { $: 'map', of: [...value].map(([key, one]) => [encode(key), encode(one)]) };
  if (Array.isArray(value)) return value.map(encode);
  const entries = Object.entries(value)
    .filter(([, one]) => one !== undefined)
    .map(([key, one]) => [key, encode(one)] as const);
  const object = Object.fromEntries(entries);
  return Object.hasOwn(object, '$') ? { $: 'object', of: object } : object;
}

export function decode(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(decode);
  if (!('$' in value)) return fields(value);
  const of = 'of' in value ? value.of : undefined;
  if (value.$ === 'undefined') return undefined;
  if (value.$ === 'bigint') return BigInt(String(of));
  if (value.$ === 'number') return Number(of);
  if (value.$ === 'bytes') return Buffer.from(String(of), 'base64');
  if (value.$ === 'map') return new Map((of as [unknown, unknown][]).map(([key, one]) => [decode(key), decode(one)]));
  return fields(of as object);
}

function fields(object: object): unknown {
  return Object.fromEntries(Object.entries(object).map(([key, one]) => [key, decode(one)]));
}

function plain(value: unknown): unknown {
  if (typeof value === 'function' || typeof value === 'symbol')
    throw new TypeError(`a ${typeof value} stays where it is`);
  return value;
}
