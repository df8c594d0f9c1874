/** A provider that a configuration is to name, and what is to be done before it can be used. */
export interface ProviderFound {
  /** What it was found to work on. */
  readonly found: string;
  /** The name of its function, and of its subpath of the package. */
  readonly name: string;
  /** What the function is called with, as it is to be written. */
  readonly options: string;
  /** The address of main, as it is to be written. */
  readonly database: string;
  /** What to type, in that order, before anything of ours. */
  readonly steps: readonly string[];
}

/** Its import, and its line in a configuration. */
export function providerText(provider: ProviderFound | undefined): {
  readonly imported: string;
  readonly line: string;
} {
  if (provider === undefined) return { imported: '', line: '' };
  const { name, options } = provider;
  return { imported: `import { ${name} } from 'forerun/${name}';\n`, line: `  provider: ${name}(${options}),\n` };
}
