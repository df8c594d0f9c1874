import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sourceText, type Framework } from './framework.ts';

/** What is to be written for a project with a depot of TrailBase's; undefined where there is none. */
export async function trailbaseFramework(root: string): Promise<Framework | undefined> {
  const folder = await depotIn(root);
  if (folder === undefined) return undefined;
  const others = (await foldersIn(join(root, folder, 'migrations'))).filter((name) => name !== 'main');
  const options = optionsOf(folder);
  return {
    found: `TrailBase's depot in ${folder}/${others.length === 0 ? '' : `, with migrations for ${others.join(', ')} besides main`}`,
    adapter: 'trailbase',
    ...(options === undefined ? {} : { options }),
    steps: others.map((other) => {
      const source = sourceText({ adapter: 'trailbase', options: optionsOf(folder, other) ?? '' });
      return `A configuration of its own serves ${other}, by --config: source: ${source}`;
    }),
  };
}

/** In the project's own folder, or one deeper. */
async function depotIn(root: string): Promise<string | undefined> {
  for (const folder of ['traildepot', ...(await foldersIn(root)).map((name) => `${name}/traildepot`)]) {
    const inside = await foldersIn(join(root, folder));
    if (inside.includes('migrations') || inside.includes('data')) return folder;
  }
  return undefined;
}

function optionsOf(folder: string, database?: string): string | undefined {
  const options = [
    ...(folder === 'traildepot' ? [] : [`depot: '${folder}'`]),
    ...(database === undefined ? [] : [`database: '${database}'`]),
  ];
  return options.length === 0 ? undefined : `{ ${options.join(', ')} }`;
}

/** Nothing for what is no folder. */
async function foldersIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && !/^(?:\.|node_modules$)/.test(entry.name))
    .map((entry) => entry.name)
    .sort();
}
