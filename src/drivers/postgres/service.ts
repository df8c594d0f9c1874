import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

type Variables = Readonly<Record<string, string | undefined>>;

/** What the service holds that `PGSERVICE` names, which libpq looks up and pg does not; empty where there is none. */
export async function serviceIn(environment: Variables): Promise<Readonly<Record<string, string>>> {
  const name = environment['PGSERVICE'];
  if (name === undefined) return {};
  const { PGSERVICEFILE: own = join(homedir(), '.pg_service.conf'), PGSYSCONFDIR: common } = environment;
  for (const file of common === undefined ? [own] : [own, join(common, 'pg_service.conf')]) {
    const found = sectionIn(await readFile(file, 'utf8').catch(() => ''), name);
    if (found !== undefined) return found;
  }
  return {};
}

function sectionIn(text: string, name: string): Readonly<Record<string, string>> | undefined {
  let found: Record<string, string> | undefined;
  let isOurs = false;
  for (const line of text.split(/\r?\n/).map((each) => each.trim())) {
    if (line.startsWith('[')) {
      isOurs = found === undefined && line === `[${name}]`;
      if (isOurs) found = {};
      continue;
    }
    const at = line.indexOf('=');
    if (isOurs && found !== undefined && at > 0 && !line.startsWith('#'))
      found[line.slice(0, at)] ??= line.slice(at + 1);
  }
  return found;
}
