/** What the datasource of a Prisma schema says. */
export interface Datasource {
  readonly provider?: string;
  readonly url?: Setting;
  readonly directUrl?: Setting;
  /** A setting that is there and has neither form. */
  readonly malformed?: { readonly name: 'url' | 'directUrl'; readonly line: number };
}

/** A text, or the name of an environment variable. */
export type Setting = { readonly text: string } | { readonly variable: string };

/** Reads the datasource of one schema file; undefined where it has none. */
export function datasourceIn(schema: string): Datasource | undefined {
  const text = withoutComments(schema);
  const body = /^[ \t]*datasource\s+\w+\s*\{(.*?)^[ \t]*\}/ms.exec(text)?.[1];
  if (body === undefined) return undefined;
  const provider = settingIn(body, 'provider');
  const [url, directUrl] = [settingIn(body, 'url'), settingIn(body, 'directUrl')];
  return {
    ...(provider !== undefined && 'text' in provider ? { provider: provider.text } : {}),
    ...(url === undefined ? {} : { url }),
    ...(directUrl === undefined ? {} : { directUrl }),
    ...malformedIn(body, lineOf(text, body), { url, directUrl }),
  };
}

function malformedIn(
  body: string,
  firstLine: number,
  read: Readonly<Record<'url' | 'directUrl', Setting | undefined>>,
): Pick<Datasource, 'malformed'> {
  for (const name of ['url', 'directUrl'] as const) {
    const at = body.search(new RegExp(`^[ \\t]*${name}\\s*=`, 'm'));
    if (at >= 0 && read[name] === undefined)
      return { malformed: { name, line: firstLine + body.slice(0, at).split('\n').length - 1 } };
  }
  return {};
}

/** 1-based. */
function lineOf(text: string, part: string): number {
  return text.slice(0, text.indexOf(part)).split('\n').length;
}

function settingIn(body: string, name: string): Setting | undefined {
  const found = new RegExp(`^[ \\t]*${name}\\s*=\\s*\\[?\\s*(?:env\\(\\s*(${string})\\s*\\)|(${string}))`, 'm').exec(
    body,
  );
  if (found === null) return undefined;
  const [, variable, text] = found;
  return variable === undefined ? { text: unquoted(text ?? '""') } : { variable: unquoted(variable) };
}

const string = String.raw`"(?:[^"\\\n]|\\.)*"`;

/** Two slashes within a text, as in every address, begin none. */
function withoutComments(schema: string): string {
  return schema.replace(new RegExp(`${string}|//.*`, 'g'), (part) => (part.startsWith('"') ? part : ''));
}

function unquoted(text: string): string {
  return text.slice(1, -1).replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
}
