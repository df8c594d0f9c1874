import { ForerunError } from '../../error.ts';

/** One way to copy main, and what speaks against it. */
export interface Candidate {
  readonly way: 'template' | 'dump' | 'clone';
  /** What would be copied; absent where that could not be found out. */
  readonly bytes?: number;
  /** Why it cannot be taken. */
  readonly problem?: string;
}

export interface Choice {
  readonly way: Candidate['way'];
  /** Which way, why, and about how long, for people. */
  readonly words: string;
}

/** From this size on, copying files is worth more than copying rows. */
const large = 5e9;

/** Bytes a second, and seconds to begin with: for an estimate that is right to a factor of three. */
const pace: Readonly<Record<Candidate['way'], { readonly rate: number; readonly start: number }>> = {
  template: { rate: 300e6, start: 0.1 },
  dump: { rate: 120e6, start: 0.5 },
  clone: { rate: 300e6, start: 1 },
};

/** Throws `PROVIDER_FAILED`, with what speaks against each way, where none can be taken. */
export function choose(candidates: readonly Candidate[]): Choice {
  const open = candidates.filter(({ problem }) => problem === undefined);
  const clone = open.find(({ way, bytes = 0 }) => way === 'clone' && bytes >= large);
  const first = open.find(({ way }) => way === 'template') ?? clone ?? open[0];
  if (first === undefined) throw none(candidates);
  const others = candidates.filter(({ way, problem }) => way !== first.way && problem !== undefined);
  const why = [reasons[first.way], ...others.map(({ way, problem }) => `not by ${way}: ${withoutStop(problem)}`)];
  return { way: first.way, words: `Copies are made by ${first.way}${estimate(first)}: ${why.join('; ')}.` };
}

const reasons: Readonly<Record<Candidate['way'], string>> = {
  template: 'nobody is connected to main',
  dump: 'it copies a database that others use',
  clone: 'it copies the files of a large cluster that others use, and branches it at once',
};

function estimate({ way, bytes }: Candidate): string {
  if (bytes === undefined) return '';
  const seconds = pace[way].start + bytes / pace[way].rate;
  return ` (${(bytes / 1e6).toFixed(0)} MB, about ${seconds < 10 ? seconds.toFixed(1) : seconds.toFixed(0)} s each)`;
}

function withoutStop(text = ''): string {
  return text.replace(/\.$/, '');
}

function none(candidates: readonly Candidate[]): ForerunError<'PROVIDER_FAILED'> {
  const problems = candidates.map(({ way, problem }) => `  ${way}: ${problem}`).join('\n');
  return new ForerunError('PROVIDER_FAILED', `There is no way to copy this database:\n${problems}`, {
    details: {},
    next: 'Remove one of these obstacles, or name the server that copies may be made on (dump with branchServer).',
  });
}
