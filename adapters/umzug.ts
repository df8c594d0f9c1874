import { createRequire } from 'node:module';
import type { CommandLineParserOptions, MigrationMeta, Umzug, UmzugCLI, UmzugOptions } from 'umzug';
import type { ForerunError } from '../src/error.ts';
import { deployOptions, refuseOddOptions, refuseUnknownOptions } from '../src/known-options.ts';
import type { RunResult } from '../src/result.ts';
import type { RunOptions } from '../src/run-log.ts';
import { down, up } from '../src/run.ts';
import type { Direction } from '../src/seams/source.ts';
import { umzugPackage } from '../src/umzug-package.ts';
import { blockedBy, isDone } from './umzug/blocked.ts';
import { endIdleChildren } from './children/children.ts';
import { addSafeFlag, canStartAgain, explainErrors, isOwnCommandLine, runCommandLine } from './umzug/command-line.ts';
import { createProject } from './umzug/create-project.ts';
import type { SafeDownOptions, SafeUmzugOptions, SafeUpOptions } from './umzug/options.ts';
import { plainMigrations } from './umzug/plain.ts';
import { makingMain, metaOf, type ConfigWithSource, type Project } from './umzug/project.ts';
import { refuseFixed } from './umzug/refusals.ts';
import { stopIfRehearsing } from './children/registry.ts';
import { runOptionsOf } from './umzug/selection.ts';
import { bothRecords, reconcileRecord } from './umzug/storage.ts';

export { schemaHistory, type HistoryStorage, type SchemaHistoryOptions } from '../src/schema-history.ts';
export type {
  ClosableContext,
  SafeDownOptions,
  SafeOptions,
  SafeUmzugOptions,
  SafeUpOptions,
} from './umzug/options.ts';
export type { SafeUmzug };

const BaseUmzug: typeof Umzug = umzugPackage().Umzug;

/**
 * Makes an Umzug whose `up` and `down` take `safe: true`: what is pending is rehearsed on a branch of the database first,
 * and promoted only where it passes. Everything else works as in Umzug; listeners of a given Umzug go on being told.
 *
 * What was applied is recorded in `_schema_history`. A storage that the options name, or the file `umzug.json` where it
 * exists, is kept true beside it, and what it says was applied before counts as applied.
 */
export function safeUmzug<Context extends object, Client extends object = object>(
  umzugOrOptions: Umzug<Context> | UmzugOptions<Context>,
  options: SafeUmzugOptions<Context, Client>,
): SafeUmzug<Context> {
  if (!('options' in umzugOrOptions)) return new SafeUmzug(createProject(new BaseUmzug(umzugOrOptions), options));
  const safe = new SafeUmzug(createProject(umzugOrOptions, options));
  safe.onAny((event, data) => umzugOrOptions.emit(event, data));
  return safe;
}

class SafeUmzug<Context extends object = object> extends BaseUmzug<Context> {
  readonly #project: Project<Context>;
  /** The command that was given by the command line. */
  #command: Command | undefined;

  constructor(project: Project<Context>) {
    super({ ...project.umzug.options, storage: bothRecords(project), migrations: plainMigrations(project) });
    this.#project = project;
    project.emit = (event, params) => this.emit(event, params);
    project.isHeard = (event) => this.listenerCount(event) > 0;
  }

  /**
   * The same project for the functions of `forerun` and its command line: `forerun.gate(umzug.config)`, or
   * `export default umzug.config` in `forerun.config.ts`.
   */
  get config(): ConfigWithSource {
    return this.#project.config;
  }

  /** With `safe`, rejects with `BLOCKED` where not everything was promoted; `details.result` says all of it. */
  override async up(options: SafeUpOptions = {}): Promise<MigrationMeta[]> {
    refuseUnknownOptions(options, deployOptions);
    if (options.safe ?? this.#command?.safe) return this.#safely('up', options);
    refuseOddOptions({ ...options, step: undefined, to: undefined });
    return super.up(options);
  }

  /** With `safe`, rejects with `BLOCKED` where not everything was reverted. */
  override async down(options: SafeDownOptions = {}): Promise<MigrationMeta[]> {
    refuseUnknownOptions(options, deployOptions);
    if (options.safe ?? this.#command?.safe) return this.#safely('down', options);
    refuseOddOptions({ ...options, step: undefined, to: undefined });
    return super.down(options);
  }

  /** `up({ safe: true })`, with the result as a value: blocked and rolled back are results, not exceptions. */
  async safeUp(options: SafeUpOptions = {}): Promise<RunResult> {
    refuseUnknownOptions(options, deployOptions);
    return this.#run('up', options);
  }

  /** `down({ safe: true })`, with the result as a value. */
  async safeDown(options: SafeDownOptions = {}): Promise<RunResult> {
    refuseUnknownOptions(options, deployOptions);
    return this.#run('down', options);
  }

  /** Umzug's command line, whose `up` and `down` know `--safe` (or `MIGRATE_SAFE=1`). */
  override async runAsCLI(argv?: string[]): Promise<boolean> {
    await stopIfRehearsing();
    const own = isOwnCommandLine(argv);
    if (own) this.#project.module ??= startedScript();
    const command: Command = { safe: false, own: own && canStartAgain() };
    this.#command = command;
    try {
      return (await super.runAsCLI(argv)) && command.blocked === undefined;
    } finally {
      this.#command = undefined;
    }
  }

  protected override getCli(options?: CommandLineParserOptions): UmzugCLI {
    const cli = super.getCli(options);
    const told = (safe: boolean): void => {
      if (this.#command !== undefined) this.#command.safe = safe;
    };
    addSafeFlag(cli, 'up', told);
    addSafeFlag(cli, 'down', told);
    explainErrors(cli, (error) => error !== undefined && error === this.#command?.blocked);
    return cli;
  }

  protected override async runCommand<T>(
    command: string,
    run: (params: { context: Context }) => Promise<T>,
  ): Promise<T> {
    await stopIfRehearsing();
    return makingMain(this.#project, async (context) => {
      await reconcileRecord(this.#project);
      await this.emit('beforeCommand', { command, context });
      try {
        return await run({ context });
      } finally {
        await this.emit('afterCommand', { command, context });
      }
    });
  }

  async #safely(direction: Direction, options: SafeUpOptions | SafeDownOptions): Promise<MigrationMeta[]> {
    const result = await this.#resultOf(direction, options);
    const { thrown } = this.#project;
    if (thrown !== undefined) throw thrown.error;
    if (!isDone(result)) {
      const blocked = blockedBy(result);
      // Of a command line the run was shown, with all of this.
      if (this.#command !== undefined) this.#command.blocked = blocked;
      throw blocked;
    }
    const promoted = result.migrations.filter((migration) => migration.outcome === 'promoted');
    return promoted.map(({ name }) => metaOf(this.#project, name));
  }

  async #resultOf(verb: Direction, options: SafeUpOptions | SafeDownOptions): Promise<RunResult> {
    if (this.#command === undefined) return this.#run(verb, options);
    const { setup } = this.#project;
    const run = (given: RunOptions): Promise<RunResult> => this.#run(verb, { ...options, ...given });
    return runCommandLine({ verb, own: this.#command.own, setup, run });
  }

  async #run(direction: Direction, options: SafeUpOptions | SafeDownOptions): Promise<RunResult> {
    refuseOddOptions({ ...options, safe: true });
    const project = this.#project;
    await stopIfRehearsing();
    // Before a context of the project's own opens main, which creates a file that is not there.
    const { driver, main } = await project.setup();
    await driver.examine(main);
    return this.#runSafe(direction, async () => {
      refuseFixed(project);
      project.thrown = undefined;
      const setup = await project.setup();
      const result = await (direction === 'up' ? up : down)(setup, runOptionsOf(options));
      endIdleChildren();
      // A name was taken out of the record for a revert that did not come to pass. If not now, the next command does it.
      if (!isDone(result)) await reconcileRecord(project).catch(() => {});
      return result;
    });
  }

  /** As `runCommand`, but where main can be copied only while nobody has it open, no context for it is kept meanwhile. */
  async #runSafe<T>(command: string, run: () => Promise<T>): Promise<T> {
    const { provider } = await this.#project.setup();
    if (provider.alone === undefined) return this.runCommand(command, run);
    const tell = async (event: 'beforeCommand' | 'afterCommand'): Promise<void> => {
      if (this.listenerCount(event) === 0) return;
      let told = false;
      const emit = async (context: Context): Promise<void> => {
        told = true;
        await this.emit(event, { command, context });
      };
      await makingMain(this.#project, emit).catch((error: unknown) => {
        // That main cannot be reached any more, the result of the run says better.
        if (told || event === 'beforeCommand') throw error;
      });
    };
    await reconcileRecord(this.#project);
    await tell('beforeCommand');
    try {
      return await run();
    } finally {
      await tell('afterCommand');
    }
  }
}

/** What is known of a command of the command line. */
interface Command {
  safe: boolean;
  /** Whether this program can be started once more to do its work. */
  readonly own: boolean;
  /** What `up` or `down` rejected with after the run was shown. */
  blocked?: ForerunError<'BLOCKED'>;
}

/** The script that this program was started with; `node migrate` names it without its extension. */
function startedScript(): string | undefined {
  const [, script] = process.argv;
  try {
    return script === undefined ? undefined : createRequire(import.meta.url).resolve(script);
  } catch {
    return script;
  }
}
