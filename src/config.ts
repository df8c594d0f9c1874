import { resolve } from 'node:path';
import { isKeywords, isNoPath } from './address-form.ts';
import { ForerunError } from './error.ts';
import { standardGates } from './gates/standard.ts';
import type { Gate, Policy } from './gate.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { nearest } from './nearest.ts';
import { forSource } from './for-source.ts';
import { permitsIn } from './permits.ts';
import type { Adapter, SourceSetup } from './seams/adapter.ts';
import type { Driver } from './seams/driver.ts';
import type { Provider } from './seams/provider.ts';
import type { Source } from './seams/source.ts';
import type { Check, CheckContext, CheckAnswer, Setup } from './setup.ts';
import { sayingWhatSuperseded } from './superseded.ts';
import type { Target } from './seams/target.ts';

/** What a project says about itself: the default export of `forerun.config.ts`, and the argument of every function. */
export interface Config {
  /**
   * Address of main: `sqlite:path`, a bare path, `postgres://…`, or with the provider vers a file in the VM: `vers:/srv/app.db`.
   * @default what the files of `source` name
   */
  readonly database?: string;
  /** Folder of plain SQL migrations, relative to `root`. @default 'migrations' */
  readonly migrations?: string;
  /** Migrations of another framework; then `migrations` is not read. */
  readonly source?: Source | Adapter;
  /** @default the driver that knows the address */
  readonly driver?: Driver;
  /** @default local copies of a file; for a server, the way that fits it */
  readonly provider?: Provider;
  /** A checkpoint before each migration, or one before all. @default 'each' */
  readonly checkpoints?: 'each' | 'once';
  /** How many runs' checkpoints are kept. @default 5 */
  readonly keepRuns?: number;
  /** For each gate, `block`, `warn` or `off`; also `out-of-order`. @default what each gate says itself */
  readonly policy?: Policy;
  /** What a migration may cost others; what is not named keeps its default. */
  readonly limits?: Partial<Limits>;
  /** Permits for every migration, as they would stand in a file: `rows-lost sessions`. */
  readonly allow?: readonly string[];
  /** Folder of SQL checks (any row is a finding), relative to `root`; read if it exists. @default 'checks' */
  readonly checks?: string;
  /** Commands that are run on the branch before and after; non-zero blocks. */
  readonly validate?: readonly string[];
  /** Functions that are asked on the branch before and after. */
  readonly verify?: Readonly<Record<string, CheckFunction>>;
  /** Gates of the project's own, besides the standard ones. */
  readonly gates?: readonly Gate[];
  /** The environment variable that programs read the address from. @default 'DATABASE_URL' */
  readonly databaseVariable?: string;
  /** How long a command may run, in seconds. @default 300 */
  readonly commandLimitSeconds?: number;
  /** How long to wait for another deployer, in seconds. @default 60 */
  readonly lockWaitSeconds?: number;
  /** What relative paths are relative to. @default the folder of the config file, else the working directory */
  readonly root?: string;
}

/** True, or an answer with words and numbers; a throw is a failed check. */
export type CheckFunction = (branch: Target, context: CheckContext) => Promise<boolean | CheckAnswer>;

/** Gives a config file its types. */
export function defineConfig(config: Config): Config {
  return config;
}

/**
 * Validates a configuration and loads what it names. Throws `CONFIG`, naming every wrong key; `besides` are the keys that
 * may stand beside it where it was written.
 */
export async function resolveConfig(config: Config, besides: readonly string[] = []): Promise<Setup> {
  await checkConfig(config, besides);
  const root = resolve(config.root ?? '.');
  const address = config.database ?? (await addressOf(config.source, root));
  const driver =
    config.driver ??
    (await adaptersDriver(config.source, address)) ??
    (await config.provider?.driver?.(address, root)) ??
    (await driverFor(address, root));
  const main = driver.target(addressIn(address, root));
  const provider = config.provider ?? (await defaultProvider(address));
  const databaseVariable = config.databaseVariable ?? 'DATABASE_URL';
  const source = await sourceOf(config, { main, driver, provider, databaseVariable, root });
  return {
    main,
    driver: sayingWhatSuperseded(forSource(driver, source), main, provider),
    provider,
    source,
    checkpoints: config.checkpoints ?? 'each',
    keepRuns: config.keepRuns ?? 5,
    gates: [...standardGates, ...(config.gates ?? [])],
    policy: config.policy ?? {},
    limits: { ...defaultLimits, ...config.limits },
    permits: (config.allow ?? []).flatMap((permit) => permitsIn(`-- forerun: allow ${permit}`)),
    checks: await checksOf(config, root),
    lockWaitMs: (config.lockWaitSeconds ?? 60) * 1000,
    databaseVariable,
  };
}

/** Whether it is still to be made for a project. */
export function isAdapter(source: Config['source']): source is Adapter {
  return source !== undefined && !('migrations' in source);
}

async function addressOf(source: Config['source'], root: string): Promise<string> {
  const address = isAdapter(source) ? await source.database?.(root) : undefined;
  if (address !== undefined) return address;
  throw new ForerunError('CONFIG', 'No database is named.', {
    details: { keys: ['database'] },
    next: 'Give `database` in the configuration.',
  });
}

async function adaptersDriver(source: Config['source'], address: string): Promise<Driver | undefined> {
  return isAdapter(source) ? source.driver?.(address) : undefined;
}

async function sourceOf({ source, migrations = 'migrations' }: Config, setup: SourceSetup): Promise<Source> {
  if (isAdapter(source)) return source.source(setup);
  return (
    source ??
    (await import('../adapters/sql.ts')).sql({ directory: resolve(setup.root, migrations), driver: setup.driver })
  );
}

/** Throws `CONFIG`, naming every wrong key. */
export async function checkConfig(config: Config, besides: readonly string[] = []): Promise<void> {
  if (isPlain(config)) return;
  const { validateConfig } = await import('./config-schema.ts');
  validateConfig(config, besides);
}

/** A few addresses and a source need no schema, and loading one would take most of the time that `forerun status` has. */
function isPlain(config: Config): boolean {
  const plain = ['database', 'migrations', 'checks', 'root'];
  return (
    Object.hasOwn(Object(config), 'database') &&
    Object.entries(config).every(([key, value]) =>
      key === 'checkpoints'
        ? value === 'each' || value === 'once'
        : key === 'source'
          ? typeof value === 'object' && value !== null
          : plain.includes(key) && typeof value === 'string' && value !== '',
    )
  );
}

/** A relative path is relative to the configuration, not to where a command happens to be typed. */
function addressIn(address: string, root: string): string {
  const [, form = '', path = ''] = /^((?:sqlite|file):(?:\/\/)?)?(.*)$/s.exec(address) ?? [];
  return isNoPath(address) || path === ':memory:' || path === '' ? address : `${form}${resolve(root, path)}`;
}

async function driverFor(address: string, root: string): Promise<Driver> {
  if (isPostgres(address)) return (await import('./drivers/postgres.ts')).loadPostgres({ root });
  if (!isNoPath(address)) return (await import('./drivers/sqlite.ts')).sqlite();
  const scheme = /^[^:]*/.exec(address)?.[0] ?? '';
  if (scheme.toLowerCase() === 'vers') throw noVm();
  const near = nearest(scheme, ['postgres', 'postgresql', 'sqlite']);
  const meant = near === undefined ? '' : ` (did you mean ${near}?)`;
  // Any other part may be a password.
  const shown = /^[a-z][\w+.-]*:(?:\/\/)?/i.exec(address)?.[0] ?? '';
  throw new ForerunError('BAD_TARGET', `No driver knows the address ${shown}…${meant}.`, {
    details: { target: shown },
    next: 'Give a SQLite database as sqlite:path or as a bare path, a PostgreSQL database as postgres://…',
  });
}

function noVm(): ForerunError<'BAD_TARGET'> {
  return new ForerunError('BAD_TARGET', 'An address that begins with vers: needs the provider vers.', {
    details: { target: 'vers:' },
    next: "Add --provider vers and set FORERUN_VERS_VM; or give provider: vers({ vm: '<uuid>' }) in the configuration.",
  });
}

function isPostgres(address: string): boolean {
  return /^postgres(?:ql)?:/i.test(address) || isKeywords(address);
}

async function defaultProvider(address: string): Promise<Provider> {
  if (isPostgres(address)) return (await import('./providers/auto.ts')).auto();
  return (await import('./providers/copy.ts')).copy();
}

async function checksOf(config: Config, root: string): Promise<readonly Check[]> {
  const { sqlChecks } = await import('./checks/sql-files.ts');
  const files = await sqlChecks(resolve(root, config.checks ?? 'checks'), config.checks !== undefined);
  const { functionCheck } = await import('./checks/function.ts');
  const functions = Object.entries(config.verify ?? {}).map(([name, check]) => functionCheck(name, check));
  if (config.validate === undefined || config.validate.length === 0) return [...files, ...functions];
  const { commandCheck, refuseShellSyntax } = await import('./checks/command.ts');
  for (const command of config.validate) refuseShellSyntax(command, 'CONFIG');
  const limitMs = (config.commandLimitSeconds ?? 300) * 1000;
  return [...files, ...functions, ...config.validate.map((command) => commandCheck(command, root, limitMs))];
}
