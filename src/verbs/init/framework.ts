import type { Package } from './package-file.ts';
import { providerText, type ProviderFound } from './provider.ts';

/** A framework in use, and what stands for it in a configuration. */
export interface Framework {
  /** Its name, and where it was found. */
  readonly found: string;
  /** The adapter that serves it: the name of its function, and of its subpath of the package. */
  readonly adapter: string;
  /** What the function is called with, as it is to be written. @default nothing */
  readonly options?: string;
  /** The address of main, as it is to be written. @default none: the framework's own files name it */
  readonly database?: string;
  /** Packages that it needs and that package.json does not name. */
  readonly missing?: readonly string[];
  /** What is to be done besides. */
  readonly steps?: readonly string[];
}

/** The text of a configuration file of that name. */
export function frameworkConfig(framework: Framework, provider: ProviderFound | undefined): (name: string) => string {
  const { adapter } = framework;
  const ofProvider = providerText(provider);
  const imported = `import { ${adapter} } from 'forerun/${adapter}';\n${ofProvider.imported}`;
  const database = framework.database === undefined ? undefined : (provider?.database ?? framework.database);
  const address = database === undefined ? '' : `  database: ${database},\n`;
  const body = `{\n${address}  source: ${sourceText(framework)},\n${ofProvider.line}}`;
  return (name) =>
    name.endsWith('ts')
      ? `import type { Config } from 'forerun';\n${imported}\nexport default ${body} satisfies Config;\n`
      : `${imported}\n/** @type {import('forerun').Config} */\nexport default ${body};\n`;
}

export function sourceText({ adapter, options = '' }: Pick<Framework, 'adapter' | 'options'>): string {
  return `${adapter}(${options})`;
}

/** What the project lacks. */
export function installSteps(pack: Package | undefined, missing: readonly string[] = []): readonly string[] {
  const packages = [...(pack?.uses('forerun') === true ? [] : ['forerun']), ...missing];
  return packages.length === 0 ? [] : [`Add to the project: npm install --save-dev ${packages.join(' ')}`];
}
