import { firstStatement, isBlank } from './blank.ts';

export interface Sections {
  readonly up: string;
  /** Absent where there is none, or one without a statement. */
  readonly down?: string;
}

/** Why a text cannot be divided, continuing a sentence that begins with the file and line. */
export interface Misread {
  readonly line: number;
  readonly what: string;
  readonly next: string;
}

/**
 * Divides a text at its lines `-- migrate:up` and `-- migrate:down`; without such lines the whole text is the up. Each
 * part stands behind as many empty lines as it stood below, so that line numbers stay those of the file. Lines that
 * are nearly such a marker, or another tool's, are refused: read as comments they would run the down with the up.
 */
export function sectionsOf(text: string): Sections | Misread {
  const markers = markersOf(text);
  const [up, down] = markers;
  if (!up) return { up: text };
  const wrong = wrongMarker(markers) ?? wrongOrder(markers) ?? statementAbove(text, up);
  if (wrong) return wrong;
  const lines = text.split('\n');
  const part = (from: number, to?: number): string => '\n'.repeat(from) + lines.slice(from, to).join('\n');
  if (!down) return { up: part(up.line) };
  const back = part(down.line);
  return { up: part(up.line, down.line - 1), ...(isBlank(back) ? {} : { down: back }) };
}

/** Line of the first marker in a text, well written or not. */
export function firstMarker(text: string): number | undefined {
  return markersOf(text)[0]?.line;
}

interface Marker {
  readonly line: number;
  readonly text: string;
  /** Absent where it is not well written. */
  readonly direction?: 'up' | 'down';
}

function markersOf(text: string): readonly Marker[] {
  if (!/migrate|goose/i.test(text)) return [];
  return text.split('\n').flatMap((content, index) => {
    if (!/^\s*--[\s-]*(?:migrate\s*:\s*(?:up|down)\b|\+\s*(?:migrate|goose)\b)/i.test(content)) return [];
    const marker = { line: index + 1, text: content.trim() };
    if (/^--\s*migrate:up\s*$/.test(content)) return [{ ...marker, direction: 'up' as const }];
    if (/^--\s*migrate:down\s*$/.test(content)) return [{ ...marker, direction: 'down' as const }];
    return [marker];
  });
}

function wrongMarker(markers: readonly Marker[]): Misread | undefined {
  const wrong = markers.find((marker) => marker.direction === undefined);
  if (!wrong) return undefined;
  const { line, text } = wrong;
  const options = /^--\s*migrate:(?:up|down)\s+(\S.*)$/.exec(text)?.[1];
  if (options) {
    return {
      line,
      what: `has \`${options}\` behind its section marker, and options are not supported there`,
      next: 'Take the options off the marker. Statements that cannot run inside a transaction are recognised without one.',
    };
  }
  return {
    line,
    what: `has the line \`${text}\`, which is like a section marker and is none`,
    next: 'Write `-- migrate:up` and `-- migrate:down`, in small letters, each alone on a line and from its first column.',
  };
}

function wrongOrder(markers: readonly Marker[]): Misread | undefined {
  const next = 'A file has one `-- migrate:up` and, below it, at most one `-- migrate:down`.';
  const [first, second, third] = markers;
  if (first?.direction === 'down')
    return { line: first.line, what: 'has no `-- migrate:up` above its `-- migrate:down`', next };
  const extra = second?.direction === 'up' ? second : third;
  return extra && { line: extra.line, what: 'has a section too many', next };
}

function statementAbove(text: string, up: Marker): Misread | undefined {
  const head = text.split('\n', up.line - 1).join('\n');
  const offset = firstStatement(head);
  if (offset === undefined) return undefined;
  return {
    line: head.slice(0, offset).split('\n').length,
    what: 'has a statement above its `-- migrate:up`',
    next: 'Move the statement below the `-- migrate:up`; only comments may stand above it.',
  };
}
