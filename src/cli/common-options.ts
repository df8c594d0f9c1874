import { Option, type Command } from 'commander';

/** Options that every verb understands. */
export interface CommonOptions {
  readonly config?: string;
  readonly database?: string;
  readonly migrations?: string;
  readonly adapter?: string;
  readonly provider?: string;
  /** Words behind `--`: what is run as the migration. */
  readonly command?: readonly string[];
  readonly validate?: readonly string[];
  readonly checkpoints?: 'each' | 'once';
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

export function addCommonOptions(program: Command): void {
  program
    .option('--config <file>', 'configuration (default: forerun.config.{ts,mts,js,mjs} in this folder)')
    .option('--database <url>', 'main: sqlite:path or a path (default: the configuration, else $DATABASE_URL)')
    .option('--migrations <dir>', 'folder of plain SQL migrations (default: the configuration, else migrations)')
    .option(
      '--adapter <name>',
      'whose migrations they are: sql, knex, prisma, trailbase or command (default: the configuration, else sql)',
    )
    .option(
      '--provider <name>',
      'what makes checkpoints and branches: copy; for PostgreSQL auto, template, dump, clone or vers (default: the configuration, else what fits)',
    )
    .option(
      '--validate <command>',
      'a command that must succeed on the branch, before and after; may be repeated',
      gathered,
    )
    .addOption(
      new Option('--checkpoints <when>', 'a checkpoint before each migration, or once before all').choices([
        'each',
        'once',
      ]),
    )
    .option('--json', 'print one JSON document on stdout and nothing else')
    .addOption(
      new Option('--quiet', 'print nothing but results; of a run errors and blocking findings only').conflicts(
        'verbose',
      ),
    )
    .option('--verbose', 'print everything, stack traces included');
}

function gathered(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}
