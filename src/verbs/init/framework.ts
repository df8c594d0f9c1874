/** A framework in use, and the source that stands for it in a configuration. */
export interface Framework {
  /** Its name, and where it was found. */
  readonly found: string;
  /** The line that imports the adapter. */
  readonly imports: string;
  /** The call that makes the source. */
  readonly source: string;
  /** Packages that it needs and that package.json does not name. */
  readonly missing: readonly string[];
}

/** The text of a configuration with that source; the framework's own files name the database. */
export function frameworkConfig({ imports, source }: Framework): (name: string) => string {
  return (name) =>
    name.endsWith('ts')
      ? `import type { Config } from 'forerun';\n${imports}\n\nexport default { source: ${source} } satisfies Config;\n`
      : `${imports}\n\n/** @type {import('forerun').Config} */\nexport default { source: ${source} };\n`;
}

export function frameworkSteps({ missing }: Framework, hasForerun: boolean): string {
  const packages = [...(hasForerun ? [] : ['forerun']), ...missing];
  return [
    ...(packages.length === 0 ? [] : [`Add to the project: npm install --save-dev ${packages.join(' ')}`]),
    'See where the database stands: npx forerun status',
    'Apply what is pending, rehearsed first: npx forerun up --safe',
  ].join('\n');
}
