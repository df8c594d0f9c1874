import { relative } from 'node:path';
import { ForerunError } from '../../src/error.ts';

/** One thing that is wrong in a migration folder. */
export interface Problem {
  /** Absolute. */
  readonly file: string;
  /** 1-based. */
  readonly line?: number;
  /** Continues a sentence that begins with the file. */
  readonly what: string;
  /** What to do about it; a sentence of its own. */
  readonly next: string;
}

/** One error for all problems of a folder, so that a person sees and mends them in one go. */
export function problemsError(
  directory: string,
  problems: readonly [Problem, ...Problem[]],
): ForerunError<'BAD_MIGRATION'> {
  const [first] = problems;
  const where = { file: first.file, ...(first.line === undefined ? {} : { line: first.line }) };
  return new ForerunError('BAD_MIGRATION', messageFor(directory, problems), {
    details: { where },
    next: [...new Set(problems.map((problem) => problem.next))].join('\n'),
  });
}

function messageFor(directory: string, problems: readonly [Problem, ...Problem[]]): string {
  if (problems.length === 1) return `${placeOf(problems[0].file, problems[0].line)} ${problems[0].what}.`;
  const list = problems.map(({ file, line, what }) => `- ${placeOf(relative(directory, file), line)} ${what}.`);
  return [`${problems.length} problems in the migrations of ${directory}:`, ...list].join('\n');
}

function placeOf(file: string, line: number | undefined): string {
  return line === undefined ? file : `${file}:${line}`;
}
