import type { SqliteDatabase } from '../../src/drivers/sqlite.ts';
import { ForerunError, isForerunError } from '../../src/error.ts';
import { eachToken, unquote } from '../../src/drivers/sqlite/tokens.ts';

/**
 * Registers stand-ins for TrailBase's SQL functions that only its own program can answer: its schemas, its passwords and
 * its maps are in there. They answer nearly the same, so that tables whose CHECK calls them can be read and rehearsed;
 * what a migration on main would write by them is refused.
 */
export function registerStandIns(database: SqliteDatabase): void {
  for (const { name, parameters = [1], judges, answer } of standIns) {
    database.function(name, { deterministic: true, varargs: true }, (...values: unknown[]) => {
      if (!parameters.includes(values.length)) throw new Error(`wrong number of arguments to function ${name}()`);
      if (judges !== undefined && values[judges] === null) return 1;
      const watch = watched.get(database.name);
      watch?.called.add(name);
      if (watch?.refuses === true) throw new Error(`${name} is TrailBase's`);
      return answer(...values);
    });
  }
}

/** Told while a migration runs on a database. */
interface Watch {
  readonly refuses: boolean;
  readonly called: Set<string>;
}

/** Connections know nothing of the run that they serve but their file. */
const watched = new Map<string, Watch>();

/**
 * Answers which stand-ins were called on a database file meanwhile, with a value that they must judge. Where `refuses` is
 * set each such call fails, and that is what is thrown.
 */
export async function watchStandIns(
  path: string,
  refuses: boolean,
  act: () => Promise<void>,
): Promise<ReadonlySet<string>> {
  const watch = { refuses, called: new Set<string>() };
  watched.set(path, watch);
  try {
    await act();
    return watch.called;
  } catch (error) {
    throw refuses && watch.called.size > 0 ? onlyTrailbase(watch.called, error) : error;
  } finally {
    watched.delete(path);
  }
}

function onlyTrailbase(called: ReadonlySet<string>, error: unknown): ForerunError<'BAD_MIGRATION'> {
  const details = isForerunError(error, 'STATEMENT_FAILED') ? { where: error.details.where } : {};
  return new ForerunError(
    'BAD_MIGRATION',
    `It calls ${listed(called)}, which only TrailBase itself can answer, and Forerun writes nothing to main by a stand-in.`,
    { details, next: 'Let TrailBase apply it: trail run', cause: error },
  );
}

export function listed(names: Iterable<string>): string {
  return [...names].map((name) => `${name}()`).join(', ');
}

/** The functions with stand-ins that a text mentions. */
export function standInsIn(sql: string): ReadonlySet<string> {
  const names = new Set<string>();
  let name = '';
  for (const token of eachToken(sql)) {
    if (token.kind === 'space' || token.kind === 'comment') continue;
    if (token.text === '(' && known.has(name)) names.add(name);
    name = token.kind === 'word' || token.kind === 'identifier' ? unquote(token).toLowerCase() : '';
    if (name === 'regexp' && token.kind === 'word') names.add(name);
  }
  return names;
}

interface StandIn {
  readonly name: string;
  /** How many there may be. @default one */
  readonly parameters?: readonly number[];
  /** Which of them is judged. Where that is NULL, TrailBase lets it pass, and so the answer is no stand-in's. */
  readonly judges?: number;
  answer(...values: unknown[]): unknown;
}

/** What TrailBase has let into a table must pass here as well: a check of its pages asks again. */
const standIns: readonly StandIn[] = [
  { name: 'is_email', judges: 0, answer: (text) => (String(text).includes('@') ? 1 : 0) },
  { name: 'is_json', judges: 0, answer: isJson },
  { name: 'regexp', parameters: [2], judges: 1, answer: matches },
  { name: 'jsonschema', parameters: [2, 3], judges: 1, answer: (_schema, json) => isJson(json) },
  { name: 'jsonschema_matches', parameters: [2], judges: 1, answer: (_schema, json) => isJson(json) },
  { name: 'hash_password', answer: () => '$argon2id$stand-in' },
  { name: 'base64', answer: (blob) => bytesOf(blob).toString('base64') },
  { name: 'base64_url_safe', answer: (blob) => bytesOf(blob).toString('base64url') },
  { name: 'geoip_country', answer: () => null },
  { name: 'geoip_city_name', answer: () => null },
  { name: 'geoip_city_json', answer: () => null },
];

const known: ReadonlySet<string> = new Set(standIns.map(({ name }) => name));

function isJson(text: unknown): 0 | 1 {
  try {
    JSON.parse(String(text));
    return 1;
  } catch {
    return 0;
  }
}

/** What is no pattern here may be one in TrailBase. */
function matches(pattern: unknown, text: unknown): 0 | 1 {
  try {
    return new RegExp(String(pattern), 'u').test(String(text)) ? 1 : 0;
  } catch {
    return 1;
  }
}

function bytesOf(blob: unknown): Buffer {
  return Buffer.isBuffer(blob) ? blob : Buffer.from(String(blob));
}
