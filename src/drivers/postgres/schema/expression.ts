/**
 * Definitions as the server writes them, in a form that stays the same when it reads them again. Two things change
 * when a dump is restored:
 * - it writes a cast of a whole array where one stood, and reads that as casts of the elements:
 *   `(ARRAY['a', 'b'])::text[]` comes back as `ARRAY[('a')::text, ('b')::text]`. That is how `x IN ('a', 'b')` ends on a
 *   varchar column;
 * - a list of conditions in a list of the same kind, as `x BETWEEN 1 AND 2 AND y` makes it, comes back as one list.
 */
export function normalExpression(text: string): string {
  // Nothing else has a second form, and most definitions have neither.
  return / AND | OR |\(ARRAY\[/.test(text) ? parse({ text, at: 0 }, '').text : text;
}

interface Cursor {
  readonly text: string;
  at: number;
}

/** What stands between two brackets, or the whole text. */
interface Part {
  readonly text: string;
  /** Where it is a list of conditions. */
  readonly conditions?: { readonly separator: string; readonly all: readonly string[] };
  /** What stands between commas, where there is nothing else. */
  readonly elements?: readonly Stretch[];
  /** Where it is one array and nothing else. */
  readonly array?: readonly Stretch[];
}

/** What stands between two separators. */
interface Stretch {
  readonly text: string;
  /** What is in its parentheses, where it is one pair of them and nothing else. */
  readonly group?: Part;
  /** Its elements, where it is one array and nothing else. */
  readonly array?: readonly Stretch[];
}

/** Reads up to the bracket that closes, and past it. */
function parse(cursor: Cursor, close: string): Part {
  const stretches: Stretch[] = [];
  const separators: string[] = [];
  let stretch: Stretch = { text: '' };
  for (let token = next(cursor); token !== undefined && token !== close; token = next(cursor)) {
    if (token === '(') stretch = joined(stretch, inParentheses(cursor));
    else if (token === '[') stretch = inBrackets(stretch, parse(cursor, ']'));
    else if (/^(?:,| AND | OR )/.test(token)) {
      stretches.push(stretch);
      separators.push(token);
      stretch = { text: '' };
    } else stretch = joined(stretch, { text: token });
  }
  return partOf([...stretches, stretch], separators);
}

/** A string, a quoted name, a bracket, a separator, or anything between them. */
const tokens = /'[^']*'|"[^"]*"|[()[\]]| AND | OR |,\s*|[^'"()[\], ]+|[^]/y;

function next(cursor: Cursor): string | undefined {
  tokens.lastIndex = cursor.at;
  const token = tokens.exec(cursor.text)?.[0];
  cursor.at += token?.length ?? 0;
  return token;
}

function joined(before: Stretch, piece: Stretch): Stretch {
  return before.text === '' ? piece : { text: before.text + piece.text };
}

function inParentheses(cursor: Cursor): Stretch {
  const group = parse(cursor, ')');
  if (group.array !== undefined) {
    arrayCast.lastIndex = cursor.at;
    const type = arrayCast.exec(cursor.text)?.[1];
    if (type !== undefined) {
      cursor.at = arrayCast.lastIndex;
      return castArray(group.array, type);
    }
  }
  return { text: `(${group.text})`, group };
}

/** Type names have words, a modifier, quotes and a schema: `"My schema".mood`, `character varying(20)`. */
const arrayCast = /::((?:"(?:[^"]|"")*"|[\w$\u0080-\uFFFF. ])+(?:\(\d+(?:,\d+)?\))?(?: with(?:out)? time zone)?)\[\]/y;

/** An array in an array is of the same type as the whole. */
function castArray(elements: readonly Stretch[], type: string): Stretch {
  const array = elements.map((element): Stretch =>
    element.array === undefined ? { text: `(${element.text})::${type}` } : castArray(element.array, type),
  );
  return { text: `ARRAY[${array.map(({ text }) => text).join(', ')}]`, array };
}

function inBrackets(before: Stretch, inside: Part): Stretch {
  const text = `${before.text}[${inside.text}]`;
  return before.text === 'ARRAY' && inside.elements !== undefined ? { text, array: inside.elements } : { text };
}

function partOf(stretches: readonly Stretch[], separators: readonly string[]): Part {
  const [separator] = separators;
  const [only] = stretches;
  if (separator === undefined || only === undefined) {
    return { text: only?.text ?? '', elements: stretches, ...(only?.array === undefined ? {} : { array: only.array }) };
  }
  const text = stretches.map((stretch, at) => stretch.text + (separators[at] ?? '')).join('');
  if (separators.every((other) => other.startsWith(','))) return { text, elements: stretches };
  if (separators.some((other) => other !== separator)) return { text };
  const all = stretches.flatMap((stretch) => {
    const within = stretch.group?.conditions;
    return within?.separator === separator ? within.all : [stretch.text];
  });
  return { text: all.join(separator), conditions: { separator, all } };
}
