import { dirname, resolve } from 'node:path';
import { isNoPath } from '../address-form.ts';
import { checkConfig, isAdapter, type Config } from '../config.ts';
import { ForerunError } from '../error.ts';
import type { CommonOptions } from './common-options.ts';
import { loadConfigFile } from './config-file.ts';
import { namedAdapter } from './named-adapter.ts';
import { namedProvider } from './named-provider.ts';

/**
 * The configuration that a command line means: its own options first, then the file, then the environment. Paths in the
 * file are relative to the file; paths that were typed are relative to where they were typed.
 */
export async function configFrom(
  options: CommonOptions,
  {
    env,
    cwd,
    needsDatabase = true,
  }: { readonly env: NodeJS.ProcessEnv; readonly cwd: string; readonly needsDatabase?: boolean },
): Promise<Config> {
  const typed = options.command;
  const adapter =
    options.adapter === undefined || typed !== undefined ? undefined : await namedAdapter(options.adapter);
  const ofName = options.provider === undefined ? undefined : await namedProvider(options.provider, env);
  const found = await loadConfigFile(options.config, cwd);
  const exported = Object.fromEntries(Object.entries(found?.config ?? {}).filter(([, value]) => value !== undefined));
  // Before anything is merged: a misspelt key is the reason why something else seems to be missing.
  const { source, provider, root, ...given } = await checked(exported);
  if (typed !== undefined) refuseBesides(options);
  const other = options.adapter === undefined ? source : adapter;
  if (other !== undefined && options.migrations !== undefined) throw twoSources(other.name, options.adapter);
  if (options.validate !== undefined) await refuseTyped(options.validate);
  const validate = [...(given.validate ?? []), ...(options.validate ?? [])];
  const folder = resolve(found === undefined ? cwd : dirname(found.file), root ?? '.');
  const { typedCommand } = typed === undefined ? {} : await import('../../adapters/command.ts');
  const used =
    typed !== undefined ? typedCommand?.(typed, cwd, source) : options.adapter === undefined ? source : adapter;
  const ofFiles = async (first: boolean): Promise<string | undefined> =>
    needsDatabase && isAdapter(used) && first === (used.readsEnvironment ?? false)
      ? used.database?.(folder)
      : undefined;
  const named =
    databaseOf(options, given, cwd) ??
    (await ofFiles(true)) ??
    databaseIn(env, given.databaseVariable, cwd) ??
    (await ofFiles(false));
  return {
    ...given,
    database: named ?? (needsDatabase ? await refuseNone(given.databaseVariable, [cwd, folder]) : ''),
    root: folder,
    ...(used === undefined ? {} : { source: used }),
    ...withProvider(ofName ?? provider),
    ...(options.migrations === undefined ? {} : { migrations: resolve(cwd, options.migrations) }),
    ...(options.checkpoints === undefined ? {} : { checkpoints: options.checkpoints }),
    ...(validate.length === 0 ? {} : { validate }),
  };
}

function withProvider(provider: Config['provider']): Pick<Config, 'provider'> {
  return provider === undefined ? {} : { provider };
}

/** What a file exports; where it names no database, the command line or the environment does. */
async function checked(config: Partial<Config>): Promise<Partial<Config>> {
  const database = config.database ?? '';
  await checkConfig({ ...config, database: database === '' ? 'named elsewhere' : database });
  return config;
}

async function refuseTyped(commands: readonly string[]): Promise<void> {
  const { refuseShellSyntax } = await import('../checks/command.ts');
  for (const command of commands) refuseShellSyntax(command, 'USAGE');
}

function databaseOf(options: CommonOptions, given: Partial<Config>, cwd: string): string | undefined {
  if (options.database !== undefined) return absolute(options.database, cwd);
  return given.database === '' ? undefined : given.database;
}

function databaseIn(env: NodeJS.ProcessEnv, variable: string = 'DATABASE_URL', cwd: string): string | undefined {
  const address = env[variable];
  return address === undefined || address === '' ? undefined : absolute(address, cwd);
}

async function refuseNone(variable: string = 'DATABASE_URL', folders: readonly string[]): Promise<never> {
  const { dotenvAdvice } = await import('./dotenv-advice.ts');
  throw new ForerunError('CONFIG', 'No database is named.', {
    details: { keys: ['database'] },
    next: `${dotenvAdvice(variable, folders)}Give --database <path>, or \`database\` in forerun.config.ts, or set ${variable}. To write a configuration: forerun init`,
  });
}

/** Of a typed path only the path is made absolute, so that programs that read the variable get the form they know. */
function absolute(address: string, cwd: string): string {
  const [, form = '', path = ''] = /^((?:sqlite|file):)?(.*)$/s.exec(address) ?? [];
  const isAddress = path.startsWith('//') || path === ':memory:' || path === '' || (form === '' && isNoPath(path));
  return isAddress ? address : `${form}${resolve(cwd, path)}`;
}

/** What is typed is the migration: there is no place for another source of them. */
function refuseBesides({ migrations, adapter }: CommonOptions): void {
  const option =
    migrations !== undefined
      ? '--migrations'
      : adapter === undefined || adapter === 'command'
        ? undefined
        : '--adapter';
  if (option === undefined) return;
  throw new ForerunError('USAGE', `${option} says whose migrations are run, and so does the command behind --.`, {
    details: {},
    next: `Leave ${option} out, or the command.`,
  });
}

/** `named` is the adapter, where it is the command line that names it. */
function twoSources(name: string, named: string | undefined): ForerunError<'USAGE'> {
  return new ForerunError(
    'USAGE',
    named === undefined
      ? `--migrations names a folder of plain SQL, but the configuration's migrations are those of ${name}.`
      : `--migrations names a folder of plain SQL, but --adapter ${named} reads where they are from files of ${name}.`,
    {
      details: {},
      next: `Leave --migrations out; or ${named === undefined ? 'add' : 'give'} --adapter sql to use the folder instead.`,
    },
  );
}
