import type { Config } from '../config.ts';
import type { CommonOptions } from './common-options.ts';
import { configFrom } from './config-from.ts';

/** The configuration that options mean here and now. */
export async function configOf(options: CommonOptions): Promise<Config> {
  return configFrom(options, { env: process.env, cwd: process.cwd() });
}
