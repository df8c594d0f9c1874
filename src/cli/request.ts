import type { Selection } from '../plan.ts';
import type { CommonOptions } from './common-options.ts';

/** What a command line asks of a worker, as plain values: the arguments are read once, by the process that was called. */
export interface Request {
  readonly options: CommonOptions;
  readonly asked: Asked;
}

export type Asked =
  | {
      readonly verb: 'up';
      readonly choices: Selection & {
        readonly safe: boolean;
        readonly allOrNothing?: boolean;
        readonly promotePassing?: boolean;
      };
    }
  | { readonly verb: 'down'; readonly choices: Selection & { readonly safe: boolean } }
  | { readonly verb: 'gate' }
  | { readonly verb: 'promote'; readonly branch: string }
  | { readonly verb: 'checkpoint'; readonly label: string | undefined }
  | { readonly verb: 'branch'; readonly choices: { readonly from?: string; readonly name?: string } }
  | { readonly verb: 'diff'; readonly a: string; readonly b: string; readonly choices: { readonly query?: string } }
  | { readonly verb: 'rollback'; readonly checkpoint: string };

/** Verbs that may take long. `rollback` asks a person first. */
const long: readonly string[] = ['up', 'down', 'gate', 'promote', 'checkpoint', 'branch', 'diff'];

/** Whether arguments will need a worker, as far as a glance tells. */
export function needsWorker(args: readonly string[]): boolean {
  const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  return long.includes(args[0] ?? '') && !own.some((argument) => argument === '--help' || argument === '-h');
}
