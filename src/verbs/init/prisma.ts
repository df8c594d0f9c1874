import { relative } from 'node:path';
import { findConfig } from '../../../adapters/prisma/config-file.ts';
import { findSchema } from '../../../adapters/prisma/schema-files.ts';

/** What is to be said and written for a project with Prisma; undefined where there is none. */
export function prismaOf(root: string):
  | {
      readonly found: string;
      readonly text: (name: string) => string;
      readonly steps: readonly string[];
    }
  | undefined {
  const files = [findConfig(root), findSchema(root)].filter((file) => file !== undefined);
  if (files.length === 0) return undefined;
  const names = files.map((file) => relative(root, file).replaceAll('\\', '/'));
  return {
    found: `Prisma, with ${names.join(' and ')}`,
    text: configText,
    steps: [],
  };
}

function configText(name: string): string {
  const start = "import { prisma } from 'forerun/prisma';\n";
  const body = '{\n  source: prisma(),\n}';
  return name.endsWith('ts')
    ? `import type { Config } from 'forerun';\n${start}\nexport default ${body} satisfies Config;\n`
    : `${start}\n/** @type {import('forerun').Config} */\nexport default ${body};\n`;
}
