import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** What is to be said and written for a project with a depot of TrailBase's; undefined where there is none. */
export async function depotOf(root: string): Promise<
  | {
      readonly found: string;
      readonly text: (name: string) => string;
      readonly steps: readonly string[];
    }
  | undefined
> {
  const folder = await depotIn(root);
  if (folder === undefined) return undefined;
  const others = (await foldersIn(join(root, folder, 'migrations'))).filter((name) => name !== 'main');
  return {
    found: `TrailBase's depot in ${folder}/${others.length === 0 ? '' : `, with migrations for ${others.join(', ')} besides main`}`,
    text: (name) => configText(folder, name),
    steps: others.map(
      (other) => `A configuration of its own serves ${other}, by --config: source: ${callOf(folder, other)}`,
    ),
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

function configText(folder: string, name: string): string {
  const start = "import { trailbase } from 'forerun/trailbase';\n";
  const body = `{\n  source: ${callOf(folder)},\n}`;
  return name.endsWith('ts')
    ? `import type { Config } from 'forerun';\n${start}\nexport default ${body} satisfies Config;\n`
    : `${start}\n/** @type {import('forerun').Config} */\nexport default ${body};\n`;
}

function callOf(folder: string, database?: string): string {
  const options = [
    ...(folder === 'traildepot' ? [] : [`depot: '${folder}'`]),
    ...(database === undefined ? [] : [`database: '${database}'`]),
  ];
  return options.length === 0 ? 'trailbase()' : `trailbase({ ${options.join(', ')} })`;
}

/** Nothing for what is no folder. */
async function foldersIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && !/^(?:\.|node_modules$)/.test(entry.name))
    .map((entry) => entry.name)
    .sort();
}
