import type { JournalEntry } from './seams/records.ts';

/** Raised when the meaning of a row changes; a row of a newer format is refused, never guessed at. */
export const journalFormat = 1;

/**
 * The entry that a journal's row holds as JSON; undefined where it is none. Read by hand, because `status` reads it and
 * must not wait for a validator to load; and the parser's message would quote the text.
 */
export function journalEntryIn(text: unknown): JournalEntry | undefined {
  try {
    const entry: unknown = JSON.parse(String(text));
    return isEntry(entry) ? entry : undefined;
  } catch {
    return undefined;
  }
}

const phases: readonly unknown[] = [
  'started',
  'promoting',
  'journalled',
  'swapped',
  'finished',
] satisfies readonly JournalEntry['phase'][];

function isEntry(entry: unknown): entry is JournalEntry {
  if (typeof entry !== 'object' || entry === null) return false;
  const { run, epoch, host, pid, phase, at, ...rest } = entry as Record<string, unknown>;
  const { migration, checksum, direction, stretch, checkpoint, takenBack, earlier, differs, children } = rest;
  return (
    [run, host, at].every((value) => typeof value === 'string') &&
    [epoch, pid].every((value) => Number.isSafeInteger(value)) &&
    phases.includes(phase) &&
    [migration, checksum, checkpoint].every((value) => value === undefined || typeof value === 'string') &&
    (direction === undefined || direction === 'down') &&
    (stretch === undefined || isStretch(stretch)) &&
    (differs === undefined || differs === true) &&
    (children === undefined || (Array.isArray(children) && children.every(isProcess))) &&
    [takenBack, earlier].every((value) => value === undefined || isNames(value))
  );
}

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((name) => typeof name === 'string');
}

function isProcess(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, host, startTime } = value as Record<string, unknown>;
  const isPid = typeof pid === 'number' && Number.isSafeInteger(pid) && pid > 1;
  return isPid && typeof host === 'string' && (startTime === undefined || typeof startTime === 'string');
}

function isStretch(value: unknown): value is NonNullable<JournalEntry['stretch']> {
  if (typeof value !== 'object' || value === null) return false;
  const { index, of, line, alone, done, sql } = value as Record<string, unknown>;
  return (
    [index, of, line].every((number) => Number.isSafeInteger(number)) &&
    [alone, done].every((flag) => typeof flag === 'boolean') &&
    typeof sql === 'string'
  );
}
