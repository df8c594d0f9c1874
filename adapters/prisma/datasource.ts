/** What the datasource of a Prisma schema says. */
export interface Datasource {
  readonly provider?: string;
  readonly url?: Setting;
  readonly directUrl?: Setting;
}

/** A text, or the name of an environment variable. */
export type Setting = { readonly text: string } | { readonly variable: string };

/** Reads the datasource of one schema file; undefined where it has none. */
export function datasourceIn(schema: string): Datasource | undefined {
  const body = /^[ \t]*datasource\s+\w+\s*\{(.*?)^[ \t]*\}/ms.exec(withoutComments(schema))?.[1];
  if (body === undefined) return undefined;
  const provider = settingIn(body, 'provider');
  const [url, directUrl] = [settingIn(body, 'url'), settingIn(body, 'directUrl')];
  return {
    ...(provider !== undefined && 'text' in provider ? { provider: provider.text } : {}),
    ...(url === undefined ? {} : { url }),
    ...(directUrl === undefined ? {} : { directUrl }),
  };
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
