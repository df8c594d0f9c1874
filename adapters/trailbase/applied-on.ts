/**
 * A time as TrailBase writes it: RFC 3339 in UTC, the fraction of the second without zeros at its end, and without the
 * fraction where it is nothing.
 */
export function trailbaseTime(time: string): string {
  return time.replace(/(\.\d*?)0*Z$/, (_, fraction: string) => (fraction === '.' ? 'Z' : `${fraction}Z`));
}

/**
 * From what the table holds, in UTC; undefined for what TrailBase cannot read, which makes it fail at its start: a time
 * without an offset, for example.
 */
export function readableTime(text: unknown): string | undefined {
  if (typeof text !== 'string') return undefined;
  const [, date, time, offset] =
    /^(\d{4}-\d\d-\d\d).(\d\d:\d\d:\d\d(?:\.\d+)?)([Zz]|[+-]\d\d:\d\d)$/su.exec(text) ?? [];
  if (date === undefined || time === undefined || offset === undefined) return undefined;
  const moment = Date.parse(`${date}T${time.replace(/(\.\d{3})\d+$/, '$1')}${offset.toUpperCase()}`);
  if (Number.isNaN(moment)) return undefined;
  return /z/i.test(offset) ? `${date}T${time}Z` : new Date(moment).toISOString();
}
